using PauseOnnx.Exporter.Ir;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter.Hosts;

/// <summary>The files that a target's host wants beside a graph.</summary>
internal static class HostFiles
{
    /// <summary>Writes them, where the target has any. Of several graphs, a host that loads one is told of the first.</summary>
    public static void Write(string folder, ExportPlan plan, GraphPrecision precision, Graph graph)
    {
        if (plan.Options.Target == ExportTarget.Triton)
        {
            var config = TritonRepository.Config(ExportReports.ModelName(plan), graph, plan.Options.MaxBatchSize);
            File.WriteAllText(Path.Combine(folder, TritonRepository.ConfigFile), config);
        }
        else if (plan.Options.Target == ExportTarget.GenAI && precision == plan.Options.Precisions[0])
        {
            var config = GenaiConfig.Text(plan.Config, ModelFiles.ReadGeneration(plan.Options.Checkpoint), plan.FileOf(precision), plan.MaxLength);
            File.WriteAllText(Path.Combine(folder, GenaiConfig.FileName), config);
        }
    }
}
