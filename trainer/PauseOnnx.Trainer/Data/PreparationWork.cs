using System.Text.Json;
using PauseOnnx.Model;

namespace PauseOnnx.Trainer;

/// <summary>How far an unfinished preparation is; what the files hold beyond it is written again.</summary>
/// <param name="Identity">What is prepared and how; another preparation cannot go on with it.</param>
/// <param name="Corpus">Where to read on.</param>
/// <param name="Dataset">Where to write on.</param>
/// <param name="TextBytes">Size of the text so far in bytes of UTF-8.</param>
internal sealed record PreparationState(string Identity, CorpusPosition Corpus, TokenDatasetPosition Dataset, long TextBytes);

/// <summary>
/// The folder beside the output in which a preparation grows. It outlives a kill, so that the same command goes on where it
/// was, and becomes the output at the end.
/// </summary>
internal sealed class PreparationWork : IDisposable
{
    private readonly string _output;
    private readonly string _folder;
    private readonly string _identity;
    private readonly FileStream _lock;

    /// <summary>Opens the folder of an earlier preparation, or a new one.</summary>
    /// <param name="output">The folder to be written.</param>
    /// <param name="identity">What is prepared and how.</param>
    /// <exception cref="IOException">Another process prepares the same output, or the folder cannot be written.</exception>
    public PreparationWork(string output, string identity)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(output));
        (_output, _identity) = (output, identity);
        _folder = Path.Combine(Path.GetDirectoryName(full)!, $".{Path.GetFileName(full)}.prepare");
        Directory.CreateDirectory(_folder);
        _lock = Lock();
        State = ReadState();
        if (State is null)
        {
            Clear();
        }
    }

    /// <summary>Where the output grows.</summary>
    public string Data => Path.Combine(_folder, "data");

    /// <summary>How far it is; null when there is not even a tokenizer.</summary>
    public PreparationState? State { get; private set; }

    /// <summary>Whether there was an unfinished preparation of something else, which is gone now.</summary>
    public bool WasOther { get; private set; }

    private string StateFile => Path.Combine(_folder, "state.json");

    /// <summary>Remembers how far the preparation is; the files must be on the disk before.</summary>
    public void Save(CorpusPosition corpus, TokenDatasetPosition dataset, long textBytes)
    {
        State = new PreparationState(_identity, corpus, dataset, textBytes);
        AtomicFile.Write(StateFile, file => File.WriteAllText(file, JsonSerializer.Serialize(State)));
    }

    /// <summary>Makes the folder the output.</summary>
    public void Publish()
    {
        AtomicFolder.Publish(Data, _output, TokenDataset.InfoFile);
        Discard();
    }

    /// <summary>Removes the folder: nothing in it is worth going on with.</summary>
    public void Discard() => Directory.Delete(_folder, recursive: true);

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();

    private FileStream Lock()
    {
        try
        {
            return new FileStream(Path.Combine(_folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new IOException($"Another process prepares '{_output}'; wait for it, or choose another folder ({_folder}).", e);
        }
    }

    private PreparationState? ReadState()
    {
        if (!File.Exists(StateFile) || !Directory.Exists(Data))
        {
            return null;
        }

        try
        {
            var state = JsonSerializer.Deserialize<PreparationState>(File.ReadAllText(StateFile));
            WasOther = state?.Identity != _identity;
            return WasOther ? null : state;
        }
        catch (JsonException)
        {
            // Of another version of this program, or lost with the machine's power.
            WasOther = true;
            return null;
        }
    }

    private void Clear()
    {
        File.Delete(StateFile);
        if (Directory.Exists(Data))
        {
            Directory.Delete(Data, recursive: true);
        }

        Directory.CreateDirectory(Data);
    }
}
