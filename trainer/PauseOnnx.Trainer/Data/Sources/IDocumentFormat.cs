namespace PauseOnnx.Trainer;

/// <summary>
/// One kind of source file. To add a kind, implement this in a file of its own and give it a suffix in
/// <see cref="DocumentFormats"/>.
/// </summary>
/// <remarks>Thread-safe: instances hold no state.</remarks>
internal interface IDocumentFormat
{
    /// <summary>Cuts a file into documents, or parts of long ones, in a single pass and in constant memory.</summary>
    /// <param name="content">The file's bytes, already decompressed; seekable where the file is not compressed.</param>
    /// <param name="file">Path for messages.</param>
    /// <param name="textField">Name of the field or column that holds the text, where the format has such.</param>
    /// <returns>The parts in order; the same for the same bytes.</returns>
    /// <exception cref="PauseOnnx.Model.ModelFormatException">The file is not of this format.</exception>
    IEnumerable<DocumentPart> Read(Stream content, string file, string textField);
}

/// <summary>A document, or a part of one that is too long to be held in memory at once.</summary>
/// <param name="Text">
/// Gives the text; called once, on any thread. What can be done for each part on its own, such as parsing a line, belongs
/// in here, as one thread alone reads a file.
/// </param>
/// <param name="Size">Bytes or characters of the part, to make work items of about equal size.</param>
/// <param name="StartsDocument">Whether a document begins here.</param>
/// <param name="EndsDocument">Whether the document ends here.</param>
internal readonly record struct DocumentPart(Func<string> Text, int Size, bool StartsDocument = true, bool EndsDocument = true);
