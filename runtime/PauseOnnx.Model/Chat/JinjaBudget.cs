namespace PauseOnnx.Model.Chat;

/// <summary>
/// What one rendering may cost, so that no template can hang its host or fill its memory: a unit is a step, or a character
/// or item of a value that is made.
/// </summary>
/// <param name="limit">In units.</param>
internal sealed class JinjaBudget(long limit)
{
    /// <summary>For a chat of a million characters, copied a dozen times on its way; spent on loops it takes a second or two.</summary>
    public const long Default = 20_000_000;

    private long _spent;

    /// <summary>Pays.</summary>
    /// <exception cref="JinjaException">Nothing is left.</exception>
    public void Charge(long units, int position)
    {
        _spent += units;
        if (_spent > limit)
        {
            throw new JinjaException($"The template takes more than {limit} steps and characters", position);
        }
    }
}
