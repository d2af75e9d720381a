using Microsoft.Extensions.Logging;
using Microsoft.ML.OnnxRuntime;
using NUnit.Framework;
using PauseOnnx.Exporter;
using PauseOnnx.Model;
using PauseOnnx.Runtime;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Runtime.Providers;

/// <summary>Execution providers, with the package for processors.</summary>
public sealed class ExecutionProviderTests : IDisposable
{
    private static readonly string Version = OrtEnv.Instance().GetVersionString();

    private readonly RuntimeModel _tiny = new("llama");

    public void Dispose() => _tiny.Dispose();

    [Test]
    public void Options_OutOfRange_AreAllListed() => Assert.That(
        () => PauseModel.Load(_tiny.Folder, new()
        {
            Precision = (GraphPrecision)9,
            IntraOpThreads = 0,
            ExecutionProvider = new CudaProvider { DeviceId = -1, MemoryLimit = 0 },
        }),
        Throws.ArgumentException.With.Message.EqualTo(
            "Precision is 9; expected one of Fp32, Fp16, Bf16, BlockInt8, BlockInt4, DynamicInt8, or null; IntraOpThreads is 0; expected at least 1, or null; "
            + "CudaProvider.DeviceId is -1; expected at least 0; CudaProvider.MemoryLimit is 0; expected a number of bytes above 0, or null."));

    [Test]
    public void TensorRtOptions_OutOfRange_AreAllListed()
    {
        var file = Path.Combine(_tiny.Folder, FileNames.Config);
        Assert.That(
            () => Load(new TensorRtProvider { DeviceId = -2, MemoryLimit = -1, EngineCacheFolder = " ", TimingCacheFolder = file }),
            Throws.ArgumentException.With.Message.EqualTo(
                "TensorRtProvider.DeviceId is -2; expected at least 0; TensorRtProvider.MemoryLimit is -1; expected a number of bytes above 0, or null; "
                + $"TensorRtProvider.EngineCacheFolder is ' '; expected a folder, or null; TensorRtProvider.TimingCacheFolder is '{file}'; expected a folder, or null."));
    }

    [Test]
    public void PluginOptions_OutOfRange_AreAllListed() => Assert.That(
        () => Load(new PluginProvider(" ") { LibraryPath = "", DeviceId = -1 }),
        Throws.ArgumentException.With.Message.EqualTo(
            "PluginProvider.Name is ' '; expected the name of a provider; PluginProvider.LibraryPath is ''; expected the path of a library, or null; PluginProvider.DeviceId is -1; expected at least 0."));

    [Test]
    public void Provider_Null_IsRefused() => Assert.That(
        () => Load(null!), Throws.ArgumentException.With.Message.EqualTo("ExecutionProvider is null; expected one, such as ExecutionProvider.Auto."));

    [Test]
    public void CudaOptions_AreOnnxRuntimesWords()
    {
        Assert.That(new CudaProvider().ToOptions(), Is.EquivalentTo(new Dictionary<string, string> { ["device_id"] = "0", ["use_tf32"] = "0" }));
        Assert.That(
            new CudaProvider { DeviceId = 2, MemoryLimit = 8L << 30, AllowTensorFloat32 = true }.ToOptions(),
            Is.EquivalentTo(new Dictionary<string, string> { ["device_id"] = "2", ["gpu_mem_limit"] = "8589934592", ["use_tf32"] = "1" }));
    }

    [Test]
    public void TensorRtOptions_OfAFileForTensorRt_HoldItsProfiles()
    {
        using var exported = new RuntimeModel(TinyCheckpoint.Configs["llama"], isDynamic: false, o => o with { Target = ExportTarget.TensorRT, MaxBatchSize = 3 });
        var metadata = OnnxMetadata.Read(Path.Combine(exported.Folder, FileNames.Onnx));
        var options = new TensorRtProvider { DeviceId = 1, Fp16 = true, EngineCacheFolder = "engines", TimingCacheFolder = "times" }.ToOptions(metadata);
        Assert.Multiple(() =>
        {
            Assert.That(options["trt_profile_min_shapes"], Does.StartWith("input_ids:1x1,attention_mask:1x1,past_key_values.0.key:1x2x0x6,"));
            Assert.That(options["trt_profile_opt_shapes"], Does.StartWith("input_ids:1x1,"));
            Assert.That(options["trt_profile_max_shapes"], Does.StartWith("input_ids:3x"));
            Assert.That(options.Where(o => !o.Key.Contains("profile", StringComparison.Ordinal)), Is.EquivalentTo(new Dictionary<string, string>
            {
                ["device_id"] = "1",
                ["trt_fp16_enable"] = "1",
                ["trt_engine_cache_enable"] = "1",
                ["trt_engine_cache_path"] = "engines",
                ["trt_timing_cache_enable"] = "1",
                ["trt_timing_cache_path"] = "times",
            }));
            Assert.That(options, Has.Count.EqualTo(9));
        });
    }

    [Test]
    public void TensorRtOptions_OfAnyOtherFile_HoldNoProfiles()
    {
        var metadata = OnnxMetadata.Read(Path.Combine(_tiny.Folder, FileNames.Onnx));
        Assert.That(TensorRtProvider.HasProfiles(metadata), Is.False);
        Assert.That(new TensorRtProvider().ToOptions(metadata), Is.EquivalentTo(new Dictionary<string, string> { ["device_id"] = "0", ["trt_fp16_enable"] = "0" }));
        Assert.That(new TensorRtProvider { DeviceId = 3, MemoryLimit = 7 }.Fallback, Is.EqualTo(new CudaProvider { DeviceId = 3, MemoryLimit = 7 }));
    }

    private static IEnumerable<ExecutionProvider> NvidiaProviders => [ExecutionProvider.Cuda, ExecutionProvider.TensorRt];

    [TestCaseSource(nameof(NvidiaProviders))]
    public void Load_NvidiaWithThePackageForProcessors_NamesTheOtherPackage(ExecutionProvider provider) => Assert.That(
        () => Load(provider),
        Throws.TypeOf<ExecutionProviderException>().With.Message.EqualTo(
            $"Execution provider '{provider.Name}' is not in this build of ONNX Runtime {Version}, which has CPUExecutionProvider; "
            + "expected the package Microsoft.ML.OnnxRuntime.Gpu in place of Microsoft.ML.OnnxRuntime (PauseOnnx's own programs: build with -p:OrtBackend=gpu)."));

    [Test]
    public void Load_UnknownPlugin_NamesWhatThereIs() => Assert.That(
        () => Load(new PluginProvider("Abacus")),
        Throws.TypeOf<ExecutionProviderException>().With.Message.EqualTo(
            $"Execution provider 'Abacus' is unknown: ONNX Runtime {Version} has CPUExecutionProvider; expected one of these, or the plug-in's library too (PluginProvider.LibraryPath, --provider Abacus=PATH)."));

    [Test]
    public void Load_PluginWithoutItsLibrary_NamesTheFile()
    {
        var path = Path.Combine(_tiny.Folder, "libabacus.so");
        Assert.That(
            () => Load(new PluginProvider("Abacus") { LibraryPath = path }),
            Throws.TypeOf<ExecutionProviderException>().With.Message.EqualTo(
                $"The library of execution provider 'Abacus' is '{path}', which does not exist; expected the library of a plug-in provider."));
    }

    [Test]
    public void Load_PluginOfAnotherFile_SaysWhyItIsNone()
    {
        var path = Path.Combine(_tiny.Folder, FileNames.Config);
        Assert.That(
            () => Load(new PluginProvider("Abacus") { LibraryPath = path }),
            Throws.TypeOf<ExecutionProviderException>()
                .With.Message.StartsWith($"ONNX Runtime {Version} refuses the library of execution provider 'Abacus': ")
                .And.Message.EndsWith($"({path}); expected a plug-in provider for this version."));
    }

    [Test]
    public void Load_PluginDeviceThatIsNotThere_CountsThem() => Assert.That(
        () => Load(new PluginProvider("CPU") { DeviceId = 7 }),
        Throws.TypeOf<ExecutionProviderException>().With.Message.EqualTo("DeviceId of execution provider 'CPU' is 7; expected a number below 1, as many devices as it has on this machine."));

    // The processor is a device of the plug-in interface too, which so takes a model from end to end.
    [TestCase("CPUExecutionProvider")]
    [TestCase("cpu")]
    public void Load_DeviceOfThePluginInterface_AnswersAsTheProcessorDoes(string name)
    {
        using var model = Load(new PluginProvider(name) { Options = new Dictionary<string, string> { ["any"] = "thing" } });
        Assert.That(RuntimeModel.Generate(model, [[1, 2, 3]], new() { MaxNewTokens = 8 })[0], Is.EqualTo(_tiny.PlainGreedy([1, 2, 3], 8)));
    }

    [Test]
    public void Load_Auto_FallsBackAndSaysSo()
    {
        using var logs = new RecordedLogs();
        using var model = PauseModel.Load(_tiny.Folder, new() { LoggerFactory = logs });
        var file = Path.Combine(_tiny.Folder, FileNames.Onnx);
        Assert.That(logs.Lines, Is.EqualTo(
        [
            $"Information PauseOnnx.Runtime.PauseModel: Only the processor is tried: ONNX Runtime {Version} was built without CUDA, which would need the package Microsoft.ML.OnnxRuntime.Gpu in place of Microsoft.ML.OnnxRuntime (PauseOnnx's own programs: build with -p:OrtBackend=gpu).",
            $"Information PauseOnnx.Runtime.PauseModel: {file} runs on execution provider 'cpu' of ONNX Runtime {Version}; keys and values are in the memory 'Cpu'.",
        ]));
    }

    [Test]
    public void Load_Cpu_LeavesKeysAndValuesWhereDotNetReachesThem()
    {
        using var graph = SessionFactory.Create(Path.Combine(_tiny.Folder, FileNames.Onnx), new() { ExecutionProvider = ExecutionProvider.Cpu });
        Assert.Multiple(() =>
        {
            Assert.That(graph.ProviderName, Is.EqualTo("cpu"));
            Assert.That(graph.IsCacheOnHost);
            Assert.That(graph.CacheMemory.Name, Is.EqualTo("Cpu"));
            using var value = OrtValue.CreateAllocatedTensorValue(graph.CacheAllocator, Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float, [1, 2, 3, 6]);
            Assert.That(value.GetTensorDataAsSpan<float>().Length, Is.EqualTo(36));
        });
    }

    [TestCase("with spaces")]
    [TestCase("Modelle für Übung")]
    [TestCase("модели 模型 🙂")]
    public void Load_FolderOfAnyName_Works(string name)
    {
        using var folder = new TemporaryFolder();
        using var model = PauseModel.Load(_tiny.CopyTo(folder[name]));
        Assert.That(RuntimeModel.Generate(model, [[4, 5]], new() { MaxNewTokens = 3 })[0], Is.EqualTo(_tiny.PlainGreedy([4, 5], 3)));
    }

    [Test]
    public void Read_ThisMachine_HasAProcessor()
    {
        var runtime = OnnxRuntimeInfo.Read();
        Assert.Multiple(() =>
        {
            Assert.That(runtime.Version, Is.EqualTo(Version));
            Assert.That(runtime.BuiltIn, Is.EqualTo(["CPUExecutionProvider"]));
            Assert.That(runtime.Devices.Select(d => (d.Provider, d.DeviceId, d.Kind)), Is.EqualTo([("CPUExecutionProvider", 0, "CPU")]));
            Assert.That(runtime.Lacks.Where(l => l.Value is null).Select(l => l.Key), Is.EqualTo([ExecutionProvider.Cpu]));
        });
    }

    private PauseModel Load(ExecutionProvider provider) => PauseModel.Load(_tiny.Folder, new() { ExecutionProvider = provider });

    private sealed class RecordedLogs : ILoggerFactory
    {
        public List<string> Lines { get; } = [];

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public ILogger CreateLogger(string categoryName) => new Logger(categoryName, Lines);

        public void Dispose()
        {
        }

        private sealed class Logger(string category, List<string> lines) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
                lines.Add($"{logLevel} {category}: {formatter(state, exception)}");
        }
    }
}
