using System.CommandLine;
using PauseOnnx.Model;

namespace PauseOnnx.Cli;

/// <summary><c>--precision</c> of the commands that read an exported folder.</summary>
internal static class PrecisionOption
{
    /// <summary>The option; null where the user does not say.</summary>
    public static Option<GraphPrecision?> Create() => new("--precision")
    {
        Description = "Which graph of a folder that has several [default: the first there is, in this order].",
        HelpName = string.Join('|', GraphPrecisions.Names),
        CustomParser = result =>
        {
            try
            {
                return GraphPrecisions.Parse(result.Tokens[0].Value);
            }
            catch (ArgumentException e)
            {
                result.AddError(e.Message);
                return null;
            }
        },
    };
}
