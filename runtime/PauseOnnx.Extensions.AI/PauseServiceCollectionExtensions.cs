using System.Diagnostics;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using PauseOnnx.Runtime;

namespace PauseOnnx.Extensions.AI;

/// <summary>Models and chat clients as services.</summary>
/// <remarks>
/// Models are singletons, loaded when first asked for and disposed with the container. With a key, the key is also the name
/// of the options.
/// </remarks>
public static partial class PauseServiceCollectionExtensions
{
    /// <summary>Adds a <see cref="PauseModel"/>.</summary>
    /// <param name="services">To add to.</param>
    /// <param name="folder">A folder written by <c>pauseonnx export</c>.</param>
    public static IServiceCollection AddPauseModel(this IServiceCollection services, string folder) => services.AddPauseModel(o => o.Folder = folder);

    /// <summary>Adds a <see cref="PauseModel"/>.</summary>
    /// <param name="services">To add to.</param>
    /// <param name="configure">Sets the folder at least.</param>
    /// <exception cref="OptionsValidationException">There is no such folder: at the host's start, or when the model is asked for.</exception>
    public static IServiceCollection AddPauseModel(this IServiceCollection services, Action<PauseModelServiceOptions> configure)
    {
        services.AddModelOptions(Options.DefaultName, configure);
        return services.AddSingleton(provider => LoadModel(provider, Options.DefaultName));
    }

    /// <summary>Adds a <see cref="PauseModel"/> under a key.</summary>
    /// <param name="services">To add to.</param>
    /// <param name="serviceKey">Tells it from others.</param>
    /// <param name="configure">Sets the folder at least.</param>
    /// <exception cref="OptionsValidationException">There is no such folder: at the host's start, or when the model is asked for.</exception>
    public static IServiceCollection AddKeyedPauseModel(this IServiceCollection services, string serviceKey, Action<PauseModelServiceOptions> configure)
    {
        services.AddModelOptions(serviceKey, configure);
        return services.AddKeyedSingleton(serviceKey, (provider, _) => LoadModel(provider, serviceKey));
    }

    /// <summary>Adds an <see cref="IChatClient"/> of the model that <see cref="AddPauseModel(IServiceCollection, string)"/> has added.</summary>
    /// <param name="services">To add to.</param>
    /// <param name="configure">null for the defaults.</param>
    public static IServiceCollection AddPauseChatClient(this IServiceCollection services, Action<PauseChatClientOptions>? configure = null)
    {
        services.AddClientOptions(Options.DefaultName, configure);
        return services.AddSingleton<IChatClient>(provider => CreateClient(provider, provider.GetRequiredService<PauseModel>(), Options.DefaultName));
    }

    /// <summary>Adds an <see cref="IChatClient"/> of the model with the same key.</summary>
    /// <param name="services">To add to.</param>
    /// <param name="serviceKey">Of the model, and of the client.</param>
    /// <param name="configure">null for the defaults.</param>
    public static IServiceCollection AddKeyedPauseChatClient(this IServiceCollection services, string serviceKey, Action<PauseChatClientOptions>? configure = null)
    {
        services.AddClientOptions(serviceKey, configure);
        return services.AddKeyedSingleton<IChatClient>(serviceKey, (provider, _) =>
            CreateClient(provider, provider.GetRequiredKeyedService<PauseModel>(serviceKey), serviceKey));
    }

    private static void AddModelOptions(this IServiceCollection services, string name, Action<PauseModelServiceOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        services.AddOptions<PauseModelServiceOptions>(name).Configure(configure).ValidateOnStart();
        services.AddSingleton<IValidateOptions<PauseModelServiceOptions>>(new Validation<PauseModelServiceOptions>(name, o =>
            string.IsNullOrEmpty(o.Folder) ? ["Folder is empty; expected a folder written by 'pauseonnx export'"]
            : Directory.Exists(o.Folder) ? []
            : [$"Folder '{o.Folder}' is missing; expected a folder written by 'pauseonnx export'"]));
    }

    private static void AddClientOptions(this IServiceCollection services, string name, Action<PauseChatClientOptions>? configure)
    {
        services.AddOptions<PauseChatClientOptions>(name).Configure(configure ?? (_ => { })).ValidateOnStart();
        services.AddSingleton<IValidateOptions<PauseChatClientOptions>>(new Validation<PauseChatClientOptions>(name, o => o.FindFaults()));
    }

    private static PauseModel LoadModel(IServiceProvider provider, string name)
    {
        var options = provider.GetRequiredService<IOptionsMonitor<PauseModelServiceOptions>>().Get(name);
        var loggers = options.Model.LoggerFactory ?? provider.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance;
        var begin = Stopwatch.GetTimestamp();
        var model = PauseModel.Load(options.Folder, options.Model with { LoggerFactory = loggers });
        var elapsed = Stopwatch.GetElapsedTime(begin);
        var logger = loggers.CreateLogger<PauseModel>();
        LogLoaded(logger, options.Folder, elapsed, model.PauseCount);
        return model;
    }

    private static PauseChatClient CreateClient(IServiceProvider provider, PauseModel model, string name)
    {
        var folder = provider.GetRequiredService<IOptionsMonitor<PauseModelServiceOptions>>().Get(name).Folder;
        var options = provider.GetRequiredService<IOptionsMonitor<PauseChatClientOptions>>().Get(name);
        options.ModelId ??= Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        return new PauseChatClient(model, PauseChatClient.LoadTemplate(folder), options);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Loaded model {Folder} in {Elapsed}; {PauseCount} pauses before an answer")]
    private static partial void LogLoaded(ILogger logger, string folder, TimeSpan elapsed, int pauseCount);

    private sealed class Validation<TOptions>(string optionsName, Func<TOptions, IEnumerable<string>> findFaults) : IValidateOptions<TOptions>
        where TOptions : class
    {
        public ValidateOptionsResult Validate(string? name, TOptions options)
        {
            string[] faults = name == optionsName ? [.. findFaults(options)] : [];
            return faults.Length > 0 ? ValidateOptionsResult.Fail(faults) : ValidateOptionsResult.Success;
        }
    }
}
