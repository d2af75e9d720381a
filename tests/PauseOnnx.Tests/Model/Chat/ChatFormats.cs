using PauseOnnx.Model.Chat;

namespace PauseOnnx.Tests.Model.Chat;

/// <summary>
/// Templates of our own in the constructs of those that models publish, each for the format that the family's model card
/// describes, and what a chat looks like in it.
/// </summary>
internal static class ChatFormats
{
    public static Dictionary<string, string> SpecialTokens { get; } = new() { ["bos_token"] = "<s>", ["eos_token"] = "</s>" };

    public static ChatTemplateMessage[] Chat { get; } =
    [
        new("system", " Be brief. "), new("user", "Hi"), new("assistant", "Hello!"), new("user", "Bye\n"),
    ];

    /// <summary>Templates by format.</summary>
    public static Dictionary<string, string> Templates { get; } = new()
    {
        ["plain"] = "{% for message in messages %}{{ message.content }}{{ eos_token }}{% endfor %}",
        ["chatml"] = """
            {% for message in messages %}
            {% if loop.first and message['role'] != 'system' %}{{ '<|im_start|>system\nYou are helpful.<|im_end|>\n' }}{% endif %}
            {{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' -}}
            {% endfor %}
            {% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}
            """,
        ["zephyr"] = """
            {% for message in messages %}
            {% if message['role'] in ['system', 'user'] %}
            {{ '<|' ~ message['role'] ~ '|>\n' ~ message['content'] + eos_token }}
            {% elif message['role'] == 'assistant' %}
            {{ '<|assistant|>\n'  + message['content'] + eos_token }}
            {% endif %}
            {% if loop.last and add_generation_prompt %}
            {{ '<|assistant|>' }}
            {% endif %}
            {% endfor %}

            """,
        ["llama2"] = """
            {%- if messages[0].role == 'system' -%}
                {%- set rest = messages[1:] -%}
                {%- set system = messages[0].content -%}
            {%- else -%}
                {%- set rest = messages -%}
                {%- set system = none -%}
            {%- endif -%}
            {%- for message in rest -%}
                {%- if (message.role == 'user') != (loop.index0 % 2 == 0) -%}
                    {{ raise_exception('Roles must alternate user/assistant/user/assistant') }}
                {%- endif -%}
                {%- set content = message.content.strip() -%}
                {%- if loop.first and system is not none -%}
                    {%- set content = '<<SYS>>\n' ~ system|trim ~ '\n<</SYS>>\n\n' ~ content -%}
                {%- endif -%}
                {{- bos_token + '[INST] ' + content + ' [/INST]' if message.role == 'user' else ' ' + content + ' ' + eos_token -}}
            {%- endfor -%}
            """,
        ["llama3"] = """
            {{- bos_token }}
            {%- if not date_string is defined %}{%- set date_string = "26 Jul 2024" %}{%- endif %}
            {%- if tools is not none and tools | length > 0 %}{{- tools | tojson(indent=4) }}{%- endif %}
            {%- for message in messages %}
                {%- if message.role == 'system' and loop.index == 1 %}
            {{- "<|start_header_id|>system<|end_header_id|>\n\nToday Date: " + date_string + "\n\n" + message['content'] | trim + "<|eot_id|>" }}
                {%- elif 'tool_calls' not in message %}
            {{- '<|start_header_id|>' + message.role + '<|end_header_id|>\n\n' + message['content'] | trim + '<|eot_id|>' }}
                {%- endif %}
            {%- endfor %}
            {%- if add_generation_prompt %}
            {{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}
            {%- endif %}
            """,
        ["mistral"] = """
            {{- bos_token }}
            {%- set ns = namespace(system='', last=-1) %}
            {%- for message in messages if message.role == 'user' %}{% set ns.last = loop.index %}{% endfor %}
            {%- set system = messages | selectattr('role', 'equalto', 'system') | map(attribute='content') | list %}
            {%- set users = namespace(seen=0) %}
            {%- for message in messages %}
                {%- if message.role == 'user' %}
                    {%- set users.seen = users.seen + 1 %}
                    {{- '[INST] ' }}
                    {%- if users.seen == ns.last and system %}{{- system|first|trim + '\n\n' }}{%- endif %}
                    {{- message.content + '[/INST]' }}
                {%- elif message.role == 'assistant' %}
                    {{- ' ' + message.content + eos_token }}
                {%- endif %}
            {%- endfor %}
            """,
        ["qwen3"] = """
            {%- set ns = namespace(last_query=messages|length - 1, searching=true) %}
            {%- for message in messages[::-1] %}
                {%- set index = (messages|length - 1) - loop.index0 %}
                {%- if ns.searching and message.role == "user" and not(message.content.startswith('<tool_response>')) %}
                    {%- set ns.searching = false %}
                    {%- set ns.last_query = index %}
                {%- endif %}
            {%- endfor %}
            {%- for message in messages %}
                {%- set content = message.content if message.content is string else '' %}
                {%- if message.role == 'assistant' and '</think>' in content and loop.index0 < ns.last_query %}
                    {%- set content = content.split('</think>')[-1].lstrip('\n') %}
                {%- endif %}
                {{- '<|im_start|>' + message.role + '\n' + content + '<|im_end|>' + '\n' }}
            {%- endfor %}
            {%- if add_generation_prompt %}
                {{- '<|im_start|>assistant\n' }}
                {%- if enable_thinking is defined and enable_thinking is false %}
                    {{- '<think>\n\n</think>\n\n' }}
                {%- endif %}
            {%- endif %}
            """,
    };

    /// <summary>What <see cref="Chat"/> is in each format, the beginning of an answer included.</summary>
    public static Dictionary<string, string> Renderings { get; } = new()
    {
        ["plain"] = " Be brief. </s>Hi</s>Hello!</s>Bye\n</s>",
        ["chatml"] = "<|im_start|>system\n Be brief. <|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello!<|im_end|>\n<|im_start|>user\nBye\n<|im_end|>\n<|im_start|>assistant\n",
        ["zephyr"] = "<|system|>\n Be brief. </s>\n<|user|>\nHi</s>\n<|assistant|>\nHello!</s>\n<|user|>\nBye\n</s>\n<|assistant|>\n",
        ["llama2"] = "<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nHi [/INST] Hello! </s><s>[INST] Bye [/INST]",
        ["llama3"] = "<s><|start_header_id|>system<|end_header_id|>\n\nToday Date: 26 Jul 2024\n\nBe brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nHello!<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nBye<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
        ["mistral"] = "<s>[INST] Hi[/INST] Hello!</s>[INST] Be brief.\n\nBye\n[/INST]",
        ["qwen3"] = "<|im_start|>system\n Be brief. <|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello!<|im_end|>\n<|im_start|>user\nBye\n<|im_end|>\n<|im_start|>assistant\n",
    };
}
