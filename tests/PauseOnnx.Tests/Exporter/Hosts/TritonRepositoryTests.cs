using System.Text;
using NUnit.Framework;
using PauseOnnx.Exporter;
using PauseOnnx.Exporter.Hosts;
using PauseOnnx.Exporter.Ir;
using PauseOnnx.Exporter.Lowering;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Exporter.Hosts;

/// <summary>What Triton would read, parsed by protobuf with the names of Triton's schema.</summary>
public class TritonRepositoryTests
{
    private static readonly string Schema = Path.Combine(Repository.Root, "tests", "PauseOnnx.Tests", "Exporter", "Hosts", "model_config.proto");

    private static IEnumerable<string> Models() => TinyCheckpoint.Configs.Keys;

    [TestCaseSource(nameof(Models))]
    public void Config_OfEveryFamily_IsAModelConfig(string model)
    {
        var config = TinyCheckpoint.Configs[model];
        var text = TritonRepository.Config("tiny", Lower(config), 8, TensorRtProfile.Options(config, 8, 64));
        Assert.That(Encode(text), Is.Not.Empty);
    }

    [Test]
    public void Config_OfASmallGraph_IsThis()
    {
        var b = new GraphBuilder("test");
        b.Output(b.Neg(b.Input("ids", DType.Int64, ["batch_size", "sequence_length"])));
        b.Output(b.Neg(b.Input("past", DType.Float32, ["batch_size", 2, "past_sequence_length", 6])));
        var text = TritonRepository.Config("tiny", b.Graph, 8, [new("trt_profile_min_shapes", "ids:1x1")]);
        Assert.That(text, Is.EqualTo("""
            # First call: past_key_values of length 0. Then: the presents of the call before.
            name: "tiny"
            backend: "onnxruntime"
            max_batch_size: 8
            input {
              name: "ids"
              data_type: TYPE_INT64
              dims: [-1]
            }
            input {
              name: "past"
              data_type: TYPE_FP32
              dims: [2, -1, 6]
            }
            output {
              name: "Neg"
              data_type: TYPE_INT64
              dims: [-1]
            }
            output {
              name: "Neg_2"
              data_type: TYPE_FP32
              dims: [2, -1, 6]
            }
            dynamic_batching {
            }
            # One instance: each has the weights to itself. On a GPU where there is one.
            instance_group {
              count: 1
              kind: KIND_AUTO
            }
            optimization {
              execution_accelerators {
                gpu_execution_accelerator {
                  name: "tensorrt"
                  parameters {
                    key: "trt_profile_min_shapes"
                    value: "ids:1x1"
                  }
                }
              }
            }

            """));
        Assert.That(Encode(text), Is.Not.Empty);
    }

    [TestCase("max_batch_size", "max_batch", "has no field named \"max_batch\"")]
    [TestCase("data_type", "dtype", "has no field named \"dtype\"")]
    [TestCase("TYPE_INT64", "TYPE_LONG", "Unknown enumeration value of \"TYPE_LONG\"")]
    [TestCase("dynamic_batching", "dynamic_batch", "has no field named \"dynamic_batch\"")]
    [TestCase("kind", "type", "has no field named \"type\"")]
    [TestCase("backend: \"onnxruntime\"", "backend: onnxruntime", "Expected string")]
    public void Config_WithAnotherName_WouldBeRefused(string name, string wrong, string expected)
    {
        var text = TritonRepository.Config("tiny", Lower(TinyCheckpoint.Configs["llama"]), 8);
        Assert.That(text, Does.Contain(name));
        Assert.That(() => Encode(text.Replace(name, wrong, StringComparison.Ordinal)), Throws.TypeOf<FormatException>().With.Message.Contains(expected));
    }

    [TestCase("plain")]
    [TestCase("a \"quoted\" \\ name")]
    [TestCase("line\nline\ttab\u0001\u007f7")]
    [TestCase("größer 模型 🦙")]
    public void Config_OfAnyName_CarriesItUnchanged(string name)
    {
        var bytes = Encode(TritonRepository.Config(name, Lower(TinyCheckpoint.Configs["llama"]), 1));
        var utf8 = Encoding.UTF8.GetBytes(name);
        Assert.That(bytes[..(utf8.Length + 2)], Is.EqualTo(new byte[] { 0x0A, (byte)utf8.Length }.Concat(utf8)), "field 1, a string");
    }

    [Test]
    public void Config_WithoutTensorRt_DoesNotAskForIt() =>
        Assert.That(TritonRepository.Config("tiny", Lower(TinyCheckpoint.Configs["llama"]), 8), Does.Not.Contain("optimization"));

    [Test]
    public void Config_OfADynamicPauseCount_Throws() => Assert.That(
        () => TritonRepository.Config("tiny", Lower(TinyCheckpoint.Configs["llama"], isDynamic: true), 8),
        Throws.TypeOf<ExportException>().With.Message.EqualTo("Export failed in TritonRepository: 'pause_count: int64[]' has no batch as its first dimension, by which Triton could join requests; expected one: export with a pause count that is baked in."));

    [Test]
    public void Config_OfAFixedBatch_Throws()
    {
        var b = new GraphBuilder("test");
        b.Output(b.Neg(b.Input("x", DType.Int64, [1, "sequence_length"])));
        Assert.That(() => TritonRepository.Config("tiny", b.Graph, 8), Throws.TypeOf<ExportException>().With.Message.Contains("'x: int64[1, sequence_length]' has no batch"));
    }

    [TestCase("Float16", "TYPE_FP16")]
    [TestCase("BFloat16", "TYPE_BF16")]
    public void Config_OfAHalfPrecisionCache_SaysSo(string type, string expected)
    {
        var b = new GraphBuilder("test");
        b.Output(b.Neg(b.Input("past", Enum.Parse<DType>(type), ["batch_size", 2, "past_sequence_length", 6])));
        var text = TritonRepository.Config("tiny", b.Graph, 8);
        Assert.That(text, Does.Contain($"data_type: {expected}\n"));
        Assert.That(Encode(text), Is.Not.Empty);
    }

    [Test]
    public void Config_OfElementsThatNoClientSends_Throws()
    {
        var b = new GraphBuilder("test");
        b.Output(b.Cast(b.Input("x", DType.Bool, ["batch_size", 3]), DType.Int64));
        Assert.That(() => TritonRepository.Config("tiny", b.Graph, 8), Throws.TypeOf<ExportException>().With.Message.Contains("'x: bool[batch_size, 3]' has elements"));
    }

    private static byte[] Encode(string text) => Protoc.Encode(Schema, "inference.ModelConfig", text);

    private static Graph Lower(ModelConfig config, bool isDynamic = false)
    {
        using var folder = new TemporaryFolder();
        TinyCheckpoint.Write(folder.Root, config);
        using var weights = CheckpointWeights.Open(folder.Root, config);
        return DecoderLowering.Lower(config, weights, new LoweringOptions(2, isDynamic));
    }
}
