using System.CommandLine;
using System.Globalization;

namespace PauseOnnx.Benchmarks;

internal static class EvaluationCommand
{
    internal static Command Create()
    {
        var shape = new Argument<string>("SHAPE");
        var rounds = new Argument<int>("ROUNDS");
        var batches = new Argument<string>("BATCHES");
        var questions = new Argument<int>("Q");
        var threads = new Argument<int>("T");
        var command = new Command("evaluation", "proto") { shape, rounds, batches, questions, threads };
        command.SetAction(parsed =>
        {
            var s = ExportShape.Of(parsed.GetRequiredValue(shape));
            var folder = Path.Combine("artifacts", "bench", "evaluation");
            var files = new EvaluationFiles(folder);
            files.Write(RandomCheckpoint.Generate("artifacts/bench", s), 32, CancellationToken.None);
            using var bench = new EvaluationBench(folder, "tests/node", parsed.GetValue(threads));
            foreach (var task in EvaluationFiles.Tasks)
            {
                var q = parsed.GetValue(questions);
                var tell = bench.Ours(new(task.Name, q, 8, false, true));
                var peer = bench.Peer(new(task.Name, q, 8));
                Console.WriteLine($"same {tell.Ids.Zip(peer.Ids).Count(p => p.First.SequenceEqual(p.Second))} of {tell.Ids.Length}; largest difference {tell.LogLikelihoods.Zip(peer.LogLikelihoods).SelectMany(p => p.First.Zip(p.Second)).Select(p => Math.Abs(p.First - p.Second)).DefaultIfEmpty().Max()}");
                foreach (var b in CommaList.Split(parsed.GetRequiredValue(batches)).Select(b => int.Parse(b, CultureInfo.InvariantCulture)))
                {
                    for (var r = 0; r < parsed.GetValue(rounds); r++)
                    {
                        var o = bench.Ours(new(task.Name, q, b)).Seconds;
                        var p = bench.Peer(new(task.Name, q, b)).Seconds;
                        var h = task.Name == "squad" ? 0 : bench.Peer(new(task.Name, q, b, true)).Seconds;
                        Console.WriteLine($"{s.Name} {task.Name} batch {b}: ours {o:F2} peer {p:F2} shared {h:F2}: {p / o:F2} {h / o:F2}");
                    }
                }
            }
        });
        return command;
    }
}
