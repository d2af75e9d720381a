namespace PauseOnnx.Tests.Support;

/// <summary>A command line run inside the test's process, with what it printed.</summary>
internal sealed record CommandRun(int ExitCode, string Output, string Errors)
{
    /// <summary>Runs a program's Main.</summary>
    /// <param name="main">Such as <c>Program.Main</c>.</param>
    /// <param name="arguments">The program's arguments.</param>
    /// <param name="input">What it finds on standard input.</param>
    public static async Task<CommandRun> OfAsync(Func<string[], Task<int>> main, string[] arguments, string input = "")
    {
        var (standardIn, standardOut, standardError) = (Console.In, Console.Out, Console.Error);
        using var reader = new StringReader(input);
        using var output = new StringWriter();
        using var errors = new StringWriter();
        try
        {
            Console.SetIn(reader);
            Console.SetOut(output);
            Console.SetError(errors);
            return new CommandRun(await main(arguments), output.ToString(), errors.ToString());
        }
        finally
        {
            Console.SetIn(standardIn);
            Console.SetOut(standardOut);
            Console.SetError(standardError);
        }
    }
}
