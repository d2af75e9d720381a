namespace PauseOnnx.Model;

/// <summary>Names of the files in checkpoint, data and exported model folders.</summary>
public static class FileNames
{
    /// <summary>The model's shape, in Hugging Face's words.</summary>
    public const string Config = "config.json";

    /// <summary>Defaults of generation, in Hugging Face's words.</summary>
    public const string GenerationConfig = "generation_config.json";

    /// <summary>Vocabulary and merges, in Hugging Face's format.</summary>
    public const string Tokenizer = "tokenizer.json";

    /// <summary>Vocabulary and merges in SentencePiece's format, which older checkpoints have instead of <see cref="Tokenizer"/>.</summary>
    public const string SentencePiece = "tokenizer.model";

    /// <summary>Special tokens and padding side, in Hugging Face's format.</summary>
    public const string TokenizerConfig = "tokenizer_config.json";

    /// <summary>How a chat is written out; where it is missing, <see cref="TokenizerConfig"/> may hold it.</summary>
    public const string ChatTemplate = "chat_template.jinja";

    /// <summary>All weights in one file.</summary>
    public const string Weights = "model.safetensors";

    /// <summary>Which weight is in which file, for a sharded checkpoint.</summary>
    public const string WeightsIndex = "model.safetensors.index.json";

    /// <summary>Prompts with the trainer's own logits, by which an export is proven.</summary>
    public const string Reference = "reference.safetensors";

    /// <summary>Folder of the graphs in an exported model folder.</summary>
    public const string OnnxFolder = "onnx";

    /// <summary>The graph in float32.</summary>
    public const string Onnx = $"{OnnxFolder}/model.onnx";

    /// <summary>The float32 graph's weights.</summary>
    public const string OnnxData = $"{Onnx}{DataSuffix}";

    /// <summary>What the name of a graph's weights adds to the graph's own.</summary>
    public const string DataSuffix = "_data";

    /// <summary>What Triton Inference Server is told of a model, in an export for it.</summary>
    public const string TritonConfig = "config.pbtxt";

    /// <summary>Examples to train on, in an example data folder; read by <see cref="ExampleFile"/>.</summary>
    public const string Train = "train.jsonl";

    /// <summary>Examples never trained on, in an example data folder; read by <see cref="ExampleFile"/>.</summary>
    public const string HeldOut = "heldout.jsonl";

    /// <summary>What was lowered how, node counts, sizes and parity figures.</summary>
    public const string ExportReport = "export-report.json";

    /// <summary>Folder of the training state inside a checkpoint.</summary>
    public const string TrainerFolder = "trainer";

    /// <summary>Step and settings of the training run, inside <see cref="TrainerFolder"/>.</summary>
    public const string TrainerState = "trainer/state.json";
}
