using System.CommandLine;
using System.Runtime.InteropServices;
using PauseOnnx.CommandLine;
using PauseOnnx.Runtime;
using Spectre.Console;

namespace PauseOnnx.Cli;

/// <summary><c>pauseonnx devices</c>: what this machine can compute graphs with.</summary>
internal static class DevicesCommand
{
    // The providers that have a name and options of their own.
    private static readonly string[] Named = ["CPUExecutionProvider", "CUDAExecutionProvider", "TensorrtExecutionProvider"];

    private static readonly Option<string[]> Libraries = new("--library")
    {
        Description = "Load a plug-in provider's library under a name of your choice; may be repeated.",
        HelpName = "NAME=PATH",
        Validators =
        {
            result =>
            {
                foreach (var token in result.Tokens.Where(t => t.Value.Split('=', 2) is not [{ Length: > 0 }, { Length: > 0 }]))
                {
                    result.AddError($"--library is '{token.Value}'; expected NAME=PATH.");
                }
            },
        },
    };

    /// <summary>The command with its options.</summary>
    internal static Command Create()
    {
        var command = new Command("devices", """
            Lists what this machine can compute graphs with: the processor, ONNX Runtime's execution providers with what the
            missing ones need, and the devices that providers offer. A provider's name is what --provider takes.

            Examples:
              pauseonnx devices
              pauseonnx devices --library webgpu=/opt/webgpu/libonnxruntime_providers_webgpu.so
            """)
        {
            Libraries,
        };
        command.SetAction(Run);
        return command;
    }

    private static void Run(ParseResult parsed)
    {
        var plugins = (parsed.GetValue(Libraries) ?? []).Select(text => text.Split('=', 2)).Select(l => new PluginProvider(l[0]) { LibraryPath = l[1] });
        var runtime = OnnxRuntimeInfo.Read([.. plugins]);
        Tables.Print([MachineTable(runtime), ProvidersTable(runtime), DevicesTable(runtime)]);
    }

    private static Table MachineTable(OnnxRuntimeInfo runtime) => Tables.Properties("Machine",
        ("processor", $"{Processor.Name}, {Environment.ProcessorCount} logical cores"),
        ("instruction sets", Processor.InstructionSets is { Count: > 0 } sets ? string.Join(", ", sets) : "the system does not say"),
        ("memory", ByteSize.Format(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)),
        ("NVIDIA GPUs", NvidiaGpus.Read() is { Count: > 0 } gpus ? string.Join('\n', gpus) : "nvidia-smi lists none"),
        ("system", $"{RuntimeInformation.OSDescription}, .NET {Environment.Version}"),
        ("ONNX Runtime", runtime.Version));

    private static Table ProvidersTable(OnnxRuntimeInfo runtime)
    {
        var table = Tables.New("Execution providers", "--provider", "in this build", "needs");
        foreach (var (provider, lack) in runtime.Lacks)
        {
            table.AddRow(provider.Name, lack is null ? "yes" : "no", Markup.Escape(lack ?? NeedsOf(provider)));
        }

        foreach (var name in runtime.BuiltIn.Concat(runtime.Devices.Select(d => d.Provider)).Distinct().Where(n => !Named.Contains(n)))
        {
            table.AddRow(Markup.Escape(name), runtime.BuiltIn.Contains(name) ? "yes" : "plug-in", "what its makers ask for");
        }

        return table.AddRow("NAME=PATH", "no", "the library of any plug-in provider, such as Microsoft.ML.OnnxRuntime.EP.WebGpu's");
    }

    private static Table DevicesTable(OnnxRuntimeInfo runtime)
    {
        var table = Tables.New("Devices that providers offer", "provider", "--device", "kind", "vendor", "says of itself");
        foreach (var device in runtime.Devices)
        {
            var metadata = string.Join(", ", device.Metadata.Select(m => $"{m.Key} {m.Value}"));
            table.AddRow([.. new[] { device.Provider, $"{device.DeviceId}", device.Kind, device.Vendor, metadata }.Select(Markup.Escape)]);
        }

        return table;
    }

    private static string NeedsOf(ExecutionProvider provider) => provider switch
    {
        CudaProvider => "an NVIDIA GPU and its driver, CUDA and cuDNN",
        TensorRtProvider => "the same, and TensorRT",
        _ => "nothing more",
    };
}
