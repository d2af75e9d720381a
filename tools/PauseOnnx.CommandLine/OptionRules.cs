using System.CommandLine;
using System.Globalization;

namespace PauseOnnx.CommandLine;

/// <summary>Rules that several commands' options share.</summary>
public static class OptionRules
{
    /// <summary>Refuses numbers below 1, before the command does anything.</summary>
    /// <returns>The option.</returns>
    public static TOption Positive<TOption>(this TOption option)
        where TOption : Option => option.AtLeast(1);

    /// <summary>Refuses numbers below <paramref name="min"/>, before the command does anything.</summary>
    /// <returns>The option.</returns>
    public static TOption AtLeast<TOption>(this TOption option, int min)
        where TOption : Option
    {
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && int.TryParse(token.Value, CultureInfo.InvariantCulture, out var value) && value < min)
            {
                result.AddError($"{option.Name} is {value}; expected at least {min}.");
            }
        });
        return option;
    }
}
