#!/usr/bin/env python3
"""Writes src/test/resources/dev/qwq/golden/templates.json: templates of our own and what jinja2 makes of them.

    golden_templates.py OUT_FILE        # needs jinja2 3.1

jinja2 is set up as Hugging Face sets it up to render chat templates. A case that fails has "error" (the class of the
exception), one that the template itself refuses has "raised" (its message), all others have "expected".
"""
import json
import sys
from datetime import datetime

import jinja2
import jinja2.ext
from jinja2.ext import Extension
from jinja2.sandbox import ImmutableSandboxedEnvironment

NOW = datetime(2026, 3, 5, 14, 7, 9)  # a Thursday
VARIABLES = {
    "name": "World", "empty": "", "blank": "  \t x y \n ", "html": "<a href='x'>&\"b\"</a>", "zh": "你好，世界",
    "emoji": "a😀b👍🏽c", "sharp": "Straße", "greek": "ΟΔΟΣ", "lines": "one\ntwo\r\nthree\n\nfive", "tabs": "a\tbc\td",
    "quote": "it's", "both": "it's \"q\"", "ctrl": "a\u0000\u0007\u001b\u007f\u00a0\u200b\u2028é", "n": 5, "zero": 0,
    "neg": -7, "big": 123456789012345678901234567890, "pi": 3.14159, "tiny": 1e-7, "huge": 1e22, "whole": 2.0,
    "yes": True, "no": False, "nothing": None, "xs": [3, 1, 2], "names": ["bob", "Alice", "carol", "alice", "Bob"],
    "nested": [[1, 2], [3, [4, 5]], []], "mixed": [1, "a", None, True, 2.5, [1], {"k": "v"}],
    "d": {"b": 1, "a": 2, "C": 3}, "deep": {"x": {"y": [10, {"z": "deep"}]}},
    "shadow": {"items": "an item", "keys": "a key", "get": "got", "a b": 1, "_private": "p", "update": "u"},
    "users": [{"name": "Ann", "age": 31, "city": "Bern", "tags": ["x"]}, {"name": "bob", "age": 25, "city": "aarau"},
              {"name": "Cy", "age": 25, "city": "bern"}, {"name": "dan", "age": 40}],
    "messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi {{ 7*7 }} {% raw %}"},
                 {"role": "assistant", "content": "<think>\nhm\n</think>\n\nHello"}, {"role": "user", "content": "Bye"}],
    "tools": [{"type": "function", "function": {"name": "f", "description": "d <é> 'q' \"z\" & \\ /", "parameters": {
        "type": "object", "properties": {"x": {"type": "number", "minimum": -1.5e-9, "maximum": 1e100}},
        "required": ["x"], "additionalProperties": False, "default": None}}}],
}

# Whole templates: white space control, statements, scopes.
TEMPLATES = [
    # white space
    "a\n{% if yes %}\n  b\n{% endif %}\nc\n", "a\n  {% if yes %}  \n b {% endif %} \n c", "a \n {%- if yes -%} \n b \n {%- endif -%} \n c",
    "  {%+ if yes +%}\n  x\n  {%+ endif %}\n", "  {{ name }}\n  {{- name -}}  \n  {{ name }}\n", "a {# c #}\n b {#- c -#} \n d", "{#+ keep +#}\nx",
    "  {# lstrip #}\ny", "x  {# no lstrip #}\ny", "{% raw %}\n {{ a }} {% b %} {# c #}\n{% endraw %}\nz", "{%- raw -%}  {{ a }}  {%- endraw -%}  z",
    "a  {% raw -%}  q {%+ endraw +%}\n z", "  {% raw %}x{% endraw %}", "{{ name }}\n", "{{ name }}\n\n", "\n", "", "\n\n", "a\r\nb\rc\n{% if yes %}\r\nd{% endif %}",
    "{% if yes -%}\n\n\n  x{% endif %}", "{{ 'a\r\nb' }}", "x{% if yes %}\t\n{% endif %}y", " \t{% if yes %}q{% endif %}", "{{ '{{' }}{{ '%}' }}{{ \"}}\" }}",
    "{{ {'a': {'b': 1}}['a']['b'] }}", "{{ {'a': {}} }}", "{%if yes%}x{%endif%}", "{% if yes %}{# {% endif %} #}x{% endif %}", "{{name}}{{-name}}{{name-}} {{name}}",
    "a\n\n   {%- set q = 1 %}\n\n   b", "a\n   {% set q = 1 -%}\n\n   b", "\u00a0{%- if yes %}x{% endif -%}\u3000y", "{#\n#}x", "{##}x", "{#-#} x", "{% set x = '%}' %}{{ x }}",
    "{ % } {name} {{ '{' }}}", "50% {off} #1", "{{ '#}' }}{# '}}' #}",
    # if
    "{% if no %}a{% elif zero %}b{% elif n %}c{% else %}d{% endif %}", "{% if missing %}a{% else %}b{% endif %}", "{% if not missing and n > 3 or no %}a{% endif %}",
    "{% if xs, %}tuple{% endif %}", "{% if 0.0 %}a{% elif '' %}b{% elif [] %}c{% elif {} %}d{% elif none %}e{% elif range(0) %}f{% elif '0' %}g{% endif %}",
    # for
    "{% for x in xs %}{{ x }}{% if not loop.last %}, {% endif %}{% endfor %}", "{% for x in [] %}x{% else %}none{% endfor %}", "{% for x in missing %}x{% else %}none{% endfor %}",
    "{% for x in xs %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.depth }}{{ loop.depth0 }}|{% endfor %}",
    "{% for x in xs %}{{ loop.previtem }}<{{ x }}>{{ loop.nextitem }}{{ loop.previtem is defined }}{{ loop.nextitem is defined }} {% endfor %}",
    "{% for x in range(5) %}{{ loop.cycle('a', 'b', 'c') }}{% endfor %}", "{% for x in [1,1,2,2,1] %}{{ loop.changed(x) }}{% endfor %}", "{% for x in [1,1] %}{{ loop.changed(x, 'y') }}{{ loop.changed() }}{% endfor %}",
    "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}", "{% for k in d %}{{ k }}{% endfor %}", "{% for k, v in d | dictsort %}{{ k }}{{ v }}{% endfor %}", "{% for a, (b, c) in [(1, (2, 3)), (4, (5, 6))] %}{{ a }}{{ b }}{{ c }} {% endfor %}",
    "{% for (a, b) in [[1, 2], 'xy'] %}{{ a }}-{{ b }} {% endfor %}", "{% for c in emoji %}[{{ c }}]{% endfor %}", "{% for x in xs if x > 1 %}{{ loop.index }}:{{ x }}/{{ loop.length }}{{ loop.last }} {% else %}no{% endfor %}",
    "{% for x in xs if x > 9 %}{{ x }}{% else %}no{% endfor %}", "{% for x in xs if x is odd %}{{ x }}{{ loop.nextitem }}{% endfor %}", "{% for x in range(10) %}{% if x == 2 %}{% continue %}{% endif %}{% if x > 4 %}{% break %}{% endif %}{{ x }}{% endfor %}",
    "{% for x in xs %}{% for y in xs %}{% if y == 1 %}{% break %}{% endif %}{{ x }}{{ y }}{{ loop.index }} {% endfor %}{{ loop.index }};{% endfor %}", "{% for x in xs %}{% break %}{% else %}else{% endfor %}", "{% for x in xs %}{% set n = x %}{% endfor %}{{ n }}",
    "{% set ns = namespace(sum=0) %}{% for x in xs %}{% set ns.sum = ns.sum + x %}{% endfor %}{{ ns.sum }}", "{% for x in xs %}{{ loop }}{% endfor %}", "{% for x in xs | map('string') %}{{ loop.length }}{{ loop.revindex }}{{ x }}{% endfor %}",
    "{% for m in messages[::-1] %}{{ loop.index0 }}{{ m.role }} {% endfor %}", "{% for m in messages %}{% if loop.index0 > 0 and messages[loop.index0 - 1].role == 'user' %}{{ m.content }}{% endif %}{% endfor %}", "{% for x in 5 %}{% endfor %}", "{% for x in none %}{% endfor %}", "{% for a, b in [[1]] %}{% endfor %}", "{% for a, b in [[1, 2, 3]] %}{% endfor %}",
    "{% for n in nested recursive %}{% if n is sequence %}({{ loop.depth }}{{ loop(n) }}){% else %}{{ n }}{{ loop.index }},{% endif %}{% endfor %}", "{% for x in xs %}{{ loop(xs) }}{% endfor %}", "{% set ns = namespace(go=true) %}{% for x in range(6) if ns.go %}{{ x }}{% if x == 2 %}{% set ns.go = false %}{% endif %}{% endfor %}",
    "{% set ns = namespace(go=true) %}{% for x in range(6) if ns.go %}{{ x }}{{ loop.last }}{% if x == 2 %}{% set ns.go = false %}{% endif %}{% endfor %}", "{% for x in xs %}{{ loop.foo }}{{ loop.foo is defined }}{% endfor %}", "{% for i in range(3) %}{% for j in range(i) %}{{ i }}{{ j }}{{ loop.first }} {% endfor %}{% endfor %}",
    "{{ loop is defined }}{% for x in [1] %}{{ loop is defined }}{% endfor %}", "{% for x in xs %}{% set loopx = loop %}{% for y in [9] %}{{ loopx.index }}{{ loop.index }} {% endfor %}{% endfor %}", "{% for k, v in deep|items %}{{ k }}{{ v }}{% endfor %}", "{% for k, v in missing|items %}x{% else %}e{% endfor %}",
    "{% for x in xs %}{% continue %}{% else %}else{% endfor %}", "{% for x in xs %}{% if x == 2 %}{% break %}{% endif %}{% else %}else{% endfor %}",
    # set
    "{% set a, b = 1, 2 %}{{ a }}{{ b }}", "{% set a = 1, 2 %}{{ a }}", "{% set (a, b) = [3, 4] %}{{ a }}{{ b }}", "{% set a %}x{{ name }}y{% endset %}[{{ a }}]", "{% set a | upper | replace('W', 'V') %}x{{ name }}y{% endset %}[{{ a }}]", "{% set a | indent(2) %}x\ny{% endset %}[{{ a }}]",
    "{% set ns = namespace() %}{% set ns.x = 1 %}{% set ns.x %}q{% endset %}{{ ns.x }}{{ ns.y }}", "{% set ns = namespace({'a': 1}, b=2) %}{{ ns.a }}{{ ns.b }}{{ ns['a'] }}", "{% set ns = namespace(a=1) %}{% set ns.a, b = 5, 6 %}{{ ns.a }}{{ b }}", "{% set d.x = 1 %}", "{% set missing.x = 1 %}", "{% if yes %}{% set q = 1 %}{% endif %}{{ q }}",
    "{{ q }}{% set q = 2 %}{{ q }}{% set q = q + 1 %}{{ q }}", "{% set x = 1 %}{% for i in xs %}{{ x }}{% set x = x + 1 %}{{ x }} {% endfor %}{{ x }}", "{% set a = b = 1 %}", "{% set a %}{% set b = 5 %}{{ b }}{% endset %}{{ a }}{{ b }}", "{% set x = namespace %}{% set y = x(z=1) %}{{ y.z }}", "{% set a = name if yes %}{{ a }}{% set b = name if no %}{{ b }}",
    # macro, call, filter, with, print, generation
    "{% macro m(a, b='B', c=a) %}[{{ a }}{{ b }}{{ c }}]{% endmacro %}{{ m(1) }}{{ m(1, 2) }}{{ m(b=3, a=4) }}{{ m() }}", "{% macro m() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, x=3) }}", "{% macro m(a) %}{{ a }}{{ varargs }}{% endmacro %}{{ m(1, 2, 3) }}", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(b=2) }}",
    "{% macro m() %}<{{ caller() }}>{% endmacro %}{% call m() %}body {{ name }}{% endcall %}", "{% macro m(xs) %}{% for x in xs %}{{ caller(x) }}{% endfor %}{% endmacro %}{% call(x) m(xs) %}({{ x }}){% endcall %}", "{% macro m() %}{{ caller is defined }}{{ caller }}{% endmacro %}{{ m() }}", "{% macro m() %}x{% endmacro %}{% call m() %}y{% endcall %}", "{% macro m(caller=none) %}{{ caller is none }}{% endmacro %}{{ m() }}",
    "{% macro f(n) %}{{ n }}{% if n > 0 %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(5) }}", "{% set x = 1 %}{% macro m() %}{{ x }}{% endmacro %}{% set x = 2 %}{{ m() }}", "{% macro m() %}{% set x = 9 %}{{ x }}{% endmacro %}{{ m() }}{{ x }}", "{% macro m(x) %}{{ x }}{% endmacro %}{{ m.name }}{{ m.arguments }}{{ m.catch_kwargs }}{{ m.catch_varargs }}{{ m.caller }}{{ m }}", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(missing) }}{{ m(*[1]) }}{{ m(**{'a': 2}) }}",
    "{% macro m(a, b=1, c) %}{% endmacro %}", "{% macro outer() %}{% macro inner() %}i{% endmacro %}{{ inner() }}{% endmacro %}{{ outer() }}", "{% macro m(a=missing) %}{{ a is defined }}{% endmacro %}{{ m() }}", "{% macro m(a) %}{{ a is defined }}{{ a }}{% endmacro %}{{ m() }}", "{% for i in xs %}{% macro m() %}{{ i }}{{ loop.index }}{% endmacro %}{{ m() }}{% endfor %}",
    "{% macro m() %}\n  x\n{% endmacro %}\n[{{ m() }}]", "{% macro m() -%}\n  x\n{%- endmacro %}\n[{{ m() }}]{{ m()|length }}", "{% macro m() %}{% endmacro %}{{ m() is string }}{{ m is callable }}{{ m() == '' }}", "{% filter upper %}a{{ name }}b{% endfilter %}", "{% filter replace('a', 'b') | upper %}aaa{% endfilter %}", "{% filter indent(width=4) %}x\ny\n{% endfilter %}",
    "{% with %}{% set q = 1 %}{{ q }}{% endwith %}{{ q }}", "{% with a = 1, b = n %}{{ a }}{{ b }}{% endwith %}{{ a }}", "{% with a = 1, b = a %}{{ b }}{% endwith %}", "{% with (a, b) = [1, 2] %}{{ a }}{{ b }}{% endwith %}", "{% print name, n %}", "{% print 1 %}", "{% generation %}{{ name }}{% set gen = 1 %}{% endgeneration %}{{ gen }}", "a\n{% generation %}\nb\n{% endgeneration %}\nc",
    # globals
    "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}{{ c.reset() }}{{ c.next() }}", "{% set j = joiner('|') %}{% for x in xs %}{{ j() }}{{ x }}{% endfor %}", "{% set j = joiner() %}{{ j() }}a{{ j() }}b", "{{ range(5) }}{{ range(1, 5)|list }}{{ range(5, 0, -2)|list }}{{ range(3)|length }}{{ range(0)|list }}{{ range(10)[2:5] }}{{ range(10)[-1] }}{{ 3 in range(5) }}",
    "{{ range(1000000) }}", "{{ range(1, 2, 0) }}", "{{ range('a') }}", "{{ dict(a=1, b='x') }}{{ dict([('k', 1)], z=2) }}{{ dict({'q': 1}) }}{{ dict() }}", "{{ raise_exception('No {{ luck }} \"today\"') }}", "{% if yes %}{{ raise_exception('role ' + name + ' is not known') }}{% endif %}", "{{ strftime_now('%Y-%m-%d %H:%M:%S %d %b %B %y %a %A %j %I %p %U %W %w %u %e %-d %-m %F %T %D %R %% %c %x %X %f') }}", "{{ strftime_now('%d 月 <|x|>') }}",
    "{{ namespace(a=1) }}", "{{ cycler() }}", "{{ range is callable }}{{ namespace is defined }}{{ raise_exception is defined }}",
    # scopes and lookups
    "{{ name }}{% set name = 'x' %}{{ name }}{% for name in ['y'] %}{{ name }}{% endfor %}{{ name }}", "{{ missing }}|{{ missing.x }}", "{{ missing is defined }}{{ d.missing is defined }}{{ d.missing }}{{ d.missing.x is defined }}", "{{ deep.x.y[1].z }}{{ deep['x']['y'][0] }}{{ deep.x.y.1.z }}{{ deep.x.y[-1]['z'] }}{{ deep.x.y[5] }}{{ deep.x.y[5] is undefined }}",
    "{{ shadow.items is string }}{{ shadow['items'] }}{{ shadow.keys is callable }}{{ shadow['get'] }}{{ shadow.get('get') }}{{ shadow['a b'] }}{{ shadow._private }}", "{{ shadow.update }}", "{{ shadow['update'] }}", "{{ d.update({'x': 1}) }}", "{{ d.pop('a') }}", "{{ xs.append(1) }}", "{{ xs.append }}", "{{ ''.__class__ }}", "{{ ''.__class__.__mro__ }}", "{{ d.__len__() }}", "{{ name.foo }}|{{ n.foo }}|{{ nothing.foo }}|{{ name['foo'] }}|{{ n[0] }}|{{ nothing['x'] }}",
    "{{ nothing.foo.bar }}", "{{ missing() }}", "{{ name() }}", "{{ d.get('a') }}{{ d.get('z') }}{{ d.get('z', 'q') }}{{ d.keys() }}{{ d.values() }}{{ d.items() }}{{ d.copy() }}", "{{ d.keys()|list }}{{ d.items()|list }}{{ d.values()|sum }}{{ d.keys()|length }}{{ 'a' in d.keys() }}{{ d|length }}{{ 'a' in d }}{{ 1 in d.values() }}", "{{ d['a'] }}{{ d.a }}{{ d[1] }}{{ {1: 'x', 1.0: 'y', true: 'z'} }}{{ {1: 'x'}[1.0] }}", "{{ xs.index(2) }}{{ xs.count(3) }}{{ (1, 2).index(2) }}{{ xs.index(9) }}",
    "{{ xs.0 }}{{ xs[-1] }}{{ xs['0'] }}{{ xs[1.0] }}", "{{ xs[true] }}{{ 'abc'[true] }}", "{{ {[1]: 2} }}", "{{ {(1, 2): 3}[(1, 2)] }}", "{{ d[[1]] }}", "{{ {'a': 1}['a', 'b'] }}",
    # unknown things
    "{% unknown %}", "{% if yes %}", "{% endif %}", "{% for x in xs %}{% endif %}", "{{ name", "{% if yes", "{{ }}", "{{ 1 + }}", "{{ (1 }}", "{{ 1) }}", "{{ [1, 2 }}", "{{ 'abc }}", "{# abc", "{% raw %}abc", "{{ name | nosuchfilter }}", "{{ name is nosuchtest }}", "{{ a b }}", "{{ 1 2 }}", "{{ name. }}", "{{ 'a' is 'b' }}", "{% set %}", "{% set 1 = 2 %}", "{% set true = 2 %}", "{% for %}{% endfor %}", "{% for x xs %}{% endfor %}", "{% macro %}{% endmacro %}", "{% break %}", "{{ $ }}", "{{ a ? b : c }}", "{{ name | }}", "{{ m(a=1, 2) }}", "{{ m(**d, *xs) }}", "{{ 'x' if }}", "{{ x.y.(z) }}", "{% elif x %}", "{% else %}", "{% call name %}{% endcall %}", "{{ name | upper() }}", "{{ 1 is defined is none }}",
    "{% if no %}{{ name | nosuchfilter }}{% endif %}ok",
    # conversations
    """{%- macro show(content) -%}
    {%- if content is string -%}{{ content | trim }}
    {%- else -%}{%- for part in content if part.type == 'text' -%}{{ part.text }}{%- endfor -%}{%- endif -%}
{%- endmacro -%}
{{ bos_token | default('<s>') }}{% for m in messages -%}
    {%- if loop.first and m.role == 'system' %}<<SYS>>{{ show(m.content) }}<</SYS>>
    {%- elif (m['role'] == 'user') != (loop.index0 % 2 == 1) -%}{{ raise_exception('roles must alternate') }}
    {%- elif m.role == 'user' %}[INST] {{ show([{'type': 'text', 'text': m.content}, {'type': 'image'}]) }} [/INST]
    {%- else %}{{ ' ' ~ show(m.content.split('</think>')[1]) ~ '</s>' }}{%- endif -%}
{%- endfor %}
""",
    """{%- set ns = namespace(system='', last=messages|length - 1, tool_names=[]) -%}
{%- for m in messages %}{% if m.role == 'system' %}{% set ns.system = (ns.system ~ '\n\n' ~ m.content)|trim %}{% endif %}{% endfor -%}
{%- for t in tools -%}{% set ns.tool_names = ns.tool_names + [t.function.name] %}{%- endfor -%}
<|start_header_id|>system<|end_header_id|>

Cutting Knowledge Date: December 2023
Today Date: {{ date_string if date_string is defined else strftime_now("%d %b %Y") }}

{{ ns.system }}{% if ns.tool_names %} Tools: {{ ns.tool_names | sort | join(', ') }}{% endif %}<|eot_id|>
{%- for m in messages | rejectattr('role', 'equalto', 'system') -%}
<|start_header_id|>{{ m.role }}<|end_header_id|>

{{ m.content | replace('<think>', '') | indent(2, true) }}<|eot_id|>
{%- endfor %}
{% if add_generation_prompt is not defined or add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>

{% endif %}
""",
    """{% for t in tools %}{% set f = t.function %}def {{ f.name }}(
{%- for p, spec in f.parameters.properties.items() %}{{ p }}: {{ spec.type | replace('number', 'float') }}{{ ', ' if not loop.last }}{% endfor %}):
    \"\"\"{{ f.description | e }}\"\"\" {# required: #}
    # {{ f.parameters.required | map('upper') | join('/') }} {{ f.parameters | dictsort | map('first') | list }}
{% endfor %}
""", "{{ (name | nosuchfilter) if 'nosuchfilter' is filter else 'none' }}",
]

# Expressions; each becomes {{ … }}.
EXPRESSIONS = [
    # literals
    "1", "1_000", "0x1F", "0b101", "0o17", "1.5", "1e3", "1.5e-7", "1_0.5_0", "0", "00", "1E5", "'a' 'b' \"c\"", "'a\\n\\t\\\\\\'\\\"\\x41\\u00e9\\U0001F600\\101\\q'", "'\\N{BULLET}'", "\"it's\"", "[]", "[1, 'a', none, true]", "()", "(1,)", "(1, 2)", "1, 2", "{}", "{'a': 1, 'b': [1, 2]}", "[1, 2,]", "{'a': 1,}", "true", "True", "false", "none", "None", "'\u00e9\u4f60'",
    # arithmetic
    "1 + 2 * 3", "(1 + 2) * 3", "7 / 2", "6 / 2", "7 // 2", "-7 // 2", "7 % 3", "-7 % 3", "7 % -3", "7.5 // 2", "-7.5 % 2", "2 ** 10", "2 ** -1", "2 ** 0.5", "-2 ** 2", "2 ** 3 ** 2", "2 ** 100", "10 ** 20 + 1", "big * big", "big // 7", "big % 1000", "big / 10", "-big", "9223372036854775807 + 1", "-9223372036854775807 - 2", "1 / 3", "0.1 + 0.2", "1e308 * 10", "5 / 0", "5 // 0", "5 % 0", "5.0 / 0", "0 ** 0", "0 ** -1", "true + true", "true * 3", "-true", "+n", "--n", "- n", "not n", "1 - 1.0", "1 if yes else 2", "huge", "tiny", "whole", "1e16", "1e15", "123456789.123456789", "1e-4", "1e-5", "-0.0", "5e-324", "1.7976931348623157e308", "100000000000000000000.0", "3.0 * 2", "7 // 2.0", "10 ** 400 > 1", "1e400", "-1e400", "1e400 - 1e400", "(1e400 - 1e400) == (1e400 - 1e400)",
    "'a' + 'b'", "'a' * 3", "3 * 'ab'", "'a' * -1", "[1] + [2]", "[1, 2] * 2", "(1,) + (2,)", "'a' + 1", "1 + 'a'", "[1] + (2,)", "none + 1", "missing + 1", "1 + missing", "'a' ~ 1 ~ none ~ 2.0 ~ true ~ [1]", "'a' ~ missing ~ 'b'", "1 ~ 2 + 3", "2 * 3 ~ 4", "'a' - 'b'", "d + d", "-'a'", "- missing",
    # comparison
    "1 < 2", "1 < 2 < 3", "1 < 3 < 2", "1 == 1.0", "1 == true", "'1' == 1", "'a' < 'b'", "'B' < 'a'", "'a' < 'ab'", "'\U0001F600' > '\uffff'", "[1, 2] < [1, 3]", "(1, 2) < (1,)", "[1] == (1,)", "d == {'a': 2, 'C': 3, 'b': 1}", "none == none", "missing == missing", "missing == none", "1 < 'a'", "none < 1", "missing < 1", "1 != 2", "1 >= 1", "2 <= 1", "2 > 1 > 0", "1 in xs", "9 in xs", "9 not in xs", "'el' in 'hello'", "'x' not in 'hello'", "1 in 'abc'", "'a' in d", "1 in d", "'' in ''", "missing in xs", "1 in missing", "1 in 5", "'a' in none", "not 1 in xs", "not (1 in xs)", "1 == 1 == 1", "big > 1e10", "big == 123456789012345678901234567890.0", "9007199254740993 == 9007199254740992.0", "1 in range(3)", "xs == [3, 1, 2]", "'b' in 'abc' in ['abc']",
    # logic
    "1 and 2", "0 and 2", "0 or 'x'", "'' or none", "yes and no or n", "not yes", "not not n", "missing or 'd'", "missing and 1", "yes if n > 3 else no", "'a' if no", "'a' if no else 'b' if no else 'c'", "(1 if no) is defined", "not missing", "none or missing or 0", "[] or {} or ''",
    # slices
    "'abcdef'[1:3]", "'abcdef'[::-1]", "'abcdef'[::2]", "'abcdef'[-3:]", "'abcdef'[:-3]", "'abcdef'[10:]", "'abcdef'[4:1]", "'abcdef'[4:1:-1]", "'abcdef'[::0]", "xs[1:]", "xs[:1]", "xs[::-1]", "xs[:]", "(1, 2, 3)[1:]", "emoji[1]", "emoji[::-1]", "emoji[1:3]", "emoji[::2]", "emoji|length", "zh[1:3]", "zh[-1]", "messages[1:]|length", "missing[1:]", "n[1:]", "d[1:]", "'abc'[none:none]", "name['a':]", "xs[-100:100]", "'abc'[5]", "'abc'[-1]", "range(10)[::-3]|list",
    # printing
    "xs", "nested", "mixed", "d", "deep", "nothing", "yes", "pi", "missing", "[missing]", "quote", "[quote]", "[both]", "[ctrl]", "ctrl", "[emoji, zh]", "['\\\\', '\\'', '\\n']", "(none, true, 1.0)", "[1e16, 1e-5, 1e22, 0.1]", "{'a': {'b': (1,)}}", "[html|safe]", "'%s' % [quote]", "[range(3)]", "shadow", "users[0]",
    # tests
    "1 is odd", "2 is even", "6 is divisibleby 3", "6 is divisibleby(4)", "missing is defined", "n is defined", "missing is undefined", "none is none", "n is none", "yes is boolean", "1 is boolean", "yes is true", "1 is true", "no is false", "0 is false", "1 is integer", "true is integer", "1.0 is integer", "1.0 is float", "1 is float", "1 is number", "true is number", "'1' is number", "'a' is string", "1 is string", "d is mapping", "xs is mapping", "xs is iterable", "'a' is iterable", "1 is iterable", "missing is iterable", "none is iterable", "xs is sequence", "'a' is sequence", "d is sequence", "1 is sequence", "missing is sequence", "range(3) is sequence", "(xs|map('abs')) is sequence", "(xs|map('abs')) is iterable", "d.items() is sequence", "missing is string", "missing is number", "missing is mapping", "none is sequence", "'abc' is lower", "'Abc' is lower", "'ABC' is upper", "'A1' is upper", "'1' is upper", "1 is eq 1", "1 is ==(1)", "1 is equalto(2)", "1 is ne 2", "1 is lt 2", "1 is lessthan 2", "2 is gt 1", "2 is greaterthan(1)", "2 is ge 2", "2 is le 1", "1 is in [1, 2]", "1 is in xs", "'a' is in 'abc'", "1 is not in [2]", "1 is not odd", "none is not none", "n is sameas n", "1 is sameas true", "none is sameas none", "xs is sameas xs", "[1] is sameas [1]", "range is callable", "n is callable", "d.get is callable", "'upper' is filter", "'nope' is filter", "'odd' is test", "'nope' is test", "html is escaped", "(html|safe) is escaped", "n is odd and yes", "n is defined and n is odd or no", "not n is none", "'a' is string and 'b' is string", "1 is divisibleby", "'a' is odd", "missing is odd", "n is eq 5 if yes else 0", "missing is none", "2.0 is even", "1.5 is odd", "'a' is eq('a')", "1 is in(seq=[1])",
    # filters: text
    "name|upper", "name|lower", "name|upper(1)", "xs|list(1)", "name|upper|lower", "sharp|upper", "sharp|capitalize", "sharp|title", "greek|lower", "greek|capitalize", "'hELLO wORLD'|capitalize", "'hello-world (foo) [bar] o\\'neil a1b'|title", "name|trim", "blank|trim", "'xxaxx'|trim('x')", "'xyaxy'|trim('yx')", "n|upper", "none|upper", "missing|upper", "xs|upper", "name|replace('o', '0')", "name|replace('o', '0', 1)", "'aaa'|replace('a', 'b', 0)", "'abc'|replace('', '-')", "'abc'|replace('', '-', 2)", "emoji|replace('', '.')", "123|replace('2', 5)", "name|replace(old='W', new='w')", "name|center(11)", "name|center(10)", "name|center", "'ab'|center(5)", "lines|indent", "lines|indent(2)", "lines|indent(2, true)", "lines|indent(2, true, true)", "lines|indent(2, blank=true)", "lines|indent('> ', first=true)", "''|indent", "'a'|indent", "'\\n'|indent", "n|indent", "'foo bar baz qux'|truncate(9)", "'foo bar baz qux'|truncate(9, true)", "'foo bar baz qux'|truncate(11)", "'foo bar baz qux'|truncate(11, false, '...', 0)", "'foo bar baz qux'|truncate(5, true, '…', 0)", "'foobarbaz'|truncate(6, false, '', 0)", "name|truncate(2)", "'abc'|truncate", "emoji|truncate(5, true, '', 0)", "lines|wordcount", "zh|wordcount", "'a-b c_d e'|wordcount", "'the quick brown fox jumps'|wordwrap(10)", "'the quick-brown fox'|wordwrap(10)", "'abcdefghijklm nop'|wordwrap(5)", "'abcdefghijklm nop'|wordwrap(5, false)", "'a b c d e'|wordwrap(3, wrapstring='|')", "names|join(' ')|wordwrap(4)", "'the quick-wordwbrorawwn fox'|wordwrap(10)", "lines|wordwrap(3)", "'hello  world   foo'|wordwrap(8)", "'well-known self-made-man'|wordwrap(9)", "'well-known self-made-man'|wordwrap(9, break_on_hyphens=false)", "'one -- two---three'|wordwrap(6)", "'ab cd'|wordwrap(0)", "  'x'|string", "n|string ~ 'x'", "none|string", "missing|string", "'%s %d %5.2f|%-5s|%05d|%+d|%x|%X|%o|%e|%g|%%|%c|%r' % ('a', 3, 3.14159, 'b', 42, 7, 255, 255, 8, 12345.678, 0.0001, 'z', 'q')", "'%s'|format(name)", "'%s-%s'|format('a', 'b')", "'%(a)s-%(b)d'|format(a='x', b=3)", "'%(a)s' % {'a': 1}", "'%s' % name", "'%s' % none", "'%s %s' % 'a'", "'%s' % ('a', 'b')", "'%d' % 'a'", "'%d' % 3.9", "'%i' % true", "'%5s|%-5s|%.2s' % ('ab', 'ab', 'abc')", "'%*d' % (5, 42)", "'%#x %#o' % (255, 8)", "'% d' % 5", "'%.3d' % 5", "'%g %g %g' % (1e10, 123456789, 1.0)", "'%.0f %.0f' % (0.5, 1.5)", "'%.10g' % 0.1", "'%e' % 0", "'%#.3g' % 1.0", "'%z' % 1", "'%' % 1", "'%s' % (xs,)", "'%a' % 'é'", "'%r' % zh", "'%s' % xs", "'%(a)s'", "'100%' % ()", "'%F %E %G' % (1e400, 1.5, 1e-10)", "'%08.3f|%-8.2f|%+.1f' % (pi, pi, pi)", "'%s' % missing", "'%c' % 65", "'%x' % -255", "'%5%' % ()", "'x' % [1]", "'x' % missing", "'x' % 1", "'x' % {'a': 1}",
    # filters: html and urls
    "html|escape", "html|e", "html|escape|escape", "html|e|forceescape", "html|forceescape", "html|safe", "html|safe|e", "html|safe ~ '<b>'", "(html|safe) + '<b>'", "'<b>' + (html|safe)", "(html|e) * 2", "(html|e)|upper", "(html|safe)|replace('a', '<')", "(html|safe).replace('a', '<')", "('<%s>'|safe) % '<x>'", "('<{}>'|safe).format('<x>')", "('<b>'|safe).join(['<', 'x'])", "['<', 'x'|safe]|join('<b>')", "(html|safe)[0:2] + '<'", "(html|safe).split('=')", "(html|e).strip() + '<'", "(html|e).strip('&;')", "(html|e).center(80, '<')", "(html|e).replace('&', '<')", "('ab'|safe)|list", "('-'|safe).join(['<', 1, 'x'|safe])", "('a<b'|safe).split('<') + ['<']", "n|e", "none|e", "missing|e", "html|striptags", "'<p>a <b>b</b>\\n <!-- c --> &amp; &lt;d&gt; &#39;</p>'|striptags", "html|urlencode", "zh|urlencode", "'a b/c?d=e&f'|urlencode", "{'a b': 'c/d', 'é': 1}|urlencode", "[('a', 1), ('b', '&')]|urlencode", "n|urlencode", "{'class': 'a\"b', 'id': none, 'x': missing, 'y': 1}|xmlattr", "{'a': 'b'}|xmlattr(false)", "{}|xmlattr", "{'a b': 1}|xmlattr",
    # filters: numbers
    "-3|abs", "(-3)|abs", "neg|abs", "(-2.5)|abs", "'a'|abs", "'42'|int", "'42.7'|int", "'abc'|int", "'abc'|int(7)", "'abc'|int(default=none)", "'0x1F'|int(0, 16)", "'0x1F'|int(base=16)", "'11'|int(base=2)", "' 12 '|int", "'1_000'|int", "'-5'|int", "3.9|int", "(-3.9)|int", "true|int", "none|int", "xs|int", "''|int", "'1e3'|int", "missing|int", "'inf'|int", "huge|int", "'12345678901234567890123'|int", "'٣'|int", "'3.5'|float", "'abc'|float", "'abc'|float(1.5)", "n|float", "'inf'|float", "'-inf'|float", "'nan'|float", "'1e5'|float", "'1_0.5'|float", "none|float", "' 2 '|float", "'0x10'|float", "'1d'|float", "missing|float", "42.55|round", "42.55|round(1)", "42.55|round(1, 'floor')", "42.51|round(1, 'ceil')", "42|round", "42|round(1, 'ceil')", "2.5|round", "3.5|round", "1234|round(-2)", "1250|round(-2)", "2.675|round(2)", "(-0.4)|round", "42.55|round|int", "1.5|round(method='x')", "'a'|round", "pi|round(3)", "100|filesizeformat", "1|filesizeformat", "1500|filesizeformat", "1500000|filesizeformat(true)", "1e15|filesizeformat", "xs|sum", "users|sum('age')", "users|sum(attribute='age', start=10)", "[]|sum", "[[1], [2]]|sum(start=[])", "['a']|sum", "[1.5, 2]|sum",
    # filters: sequences
    "xs|length", "xs|count", "'abc'|length", "d|length", "n|length", "missing|length", "none|length", "xs|first", "[]|first", "[]|first is defined", "'abc'|first", "d|first", "xs|last", "[]|last", "'abc'|last", "emoji|last", "d|last", "missing|first", "missing|last", "(xs|map('abs'))|last", "xs|list", "'abc'|list", "d|list", "missing|list", "n|list", "range(3)|list", "d|items|list", "missing|items|list", "xs|items|list", "xs|join", "xs|join(', ')", "names|join('|')", "users|join(', ', attribute='name')", "users|join(', ', 'city')", "[none, true, 1.5, 'a', missing]|join('-')", "'abc'|join('.')", "missing|join", "n|join", "d|join(',')", "xs|join(1)", "xs|reverse|list", "'abc'|reverse", "emoji|reverse", "d|reverse|list", "n|reverse", "xs|sort", "names|sort", "names|sort(case_sensitive=true)", "names|sort(reverse=true)", "users|sort(attribute='age')|map(attribute='name')|list", "users|sort(attribute='age,name')|map(attribute='name')|join(',')", "users|sort(attribute='age', reverse=true)|map(attribute='name')|join(',')", "users|sort(attribute='city')", "mixed|sort", "'hello'|sort", "d|sort", "[[2, 1], [1, 2]]|sort", "d|dictsort", "d|dictsort(true)", "d|dictsort(by='value')", "d|dictsort(reverse=true)", "d|dictsort(false, 'value', true)", "d|dictsort(by='x')", "xs|dictsort", "names|unique|list", "names|unique(true)|list", "[1, 1.0, true, '1']|unique|list", "users|unique(attribute='age')|map(attribute='name')|list", "nested|unique|list", "xs|min", "xs|max", "names|min", "names|max(case_sensitive=true)", "users|min(attribute='age')", "users|max(attribute='age')", "[]|min", "[1, 'a']|max", "'hello'|max", "range(7)|batch(3)|list", "range(7)|batch(3, 'x')|list", "range(7)|slice(3)|list", "range(7)|slice(3, 'x')|list", "[]|batch(2)|list", "[]|slice(2)|list", "range(6)|slice(3, 'x')|list", "xs|slice(0)|list", "users|groupby('age')", "users|groupby('city', default='?')", "users|groupby('city', default='?', case_sensitive=true)", "(users|groupby('age'))[0].grouper", "(users|groupby('age'))[0].list|length", "users|map(attribute='name')|list", "users|map(attribute='city', default='none')|list", "users|map(attribute='tags.0', default='-')|list", "names|map('upper')|list", "names|map('replace', 'b', 'B')|list", "xs|map('string')|join('+')", "names|map('nosuch')|list", "xs|map|list", "[]|map('upper')|list", "none|map('upper')|list", "missing|map('upper')|list", "xs|map(attribute=0)|list", "nested|map('first')|list", "[[1, 2], [3]]|map(attribute=0)|list", "xs|select|list", "[0, 1, '', none]|select|list", "xs|select('odd')|list", "xs|select('gt', 1)|list", "xs|select('>', 1)|list", "xs|reject('odd')|list", "[0, 1]|reject|list", "xs|reject('in', [1])|list", "users|selectattr('city')|map(attribute='name')|list", "users|selectattr('city', 'defined')|map(attribute='name')|list", "users|selectattr('age', 'equalto', 25)|map(attribute='name')|list", "users|rejectattr('age', 'eq', 25)|map(attribute='name')|list", "users|rejectattr('city')|map(attribute='name')|list", "messages|selectattr('role', '==', 'user')|list|length", "messages|selectattr('role', 'in', ['user', 'system'])|map(attribute='content')|join('|')", "xs|select('nosuch')|list", "messages|rejectattr('role', 'equalto', 'system')|first", "users|selectattr('age', '<', 30)|list|length", "users|attr('name')", "d|attr('a')", "d|attr('keys') is callable", "name|attr('upper')()", "missing|attr('x')", "missing|default('x')", "missing|d('x')", "missing|default", "''|default('x')", "''|default('x', true)", "none|default('x')", "none|default('x', boolean=true)", "n|default(1)", "d.z|default('q')", "missing|default(default_value=5)", "(1 if no)|default('e')",
    # tojson
    "tools|tojson", "tools[0]|tojson", "mixed|tojson", "html|tojson", "zh|tojson", "emoji|tojson", "ctrl|tojson", "both|tojson", "xs|tojson", "(1, 2)|tojson", "none|tojson", "yes|tojson", "big|tojson", "[1.0, 1e22, 1e-7, 0.1, -0.0, 1e16]|tojson", "{1: 2, none: 3, true: 4, 1.5: 5}|tojson", "{(1, 2): 3}|tojson", "d|tojson(sort_keys=true)", "tools|tojson(indent=2)", "tools|tojson(indent=4, sort_keys=true)", "tools|tojson(true)", "zh|tojson(ensure_ascii=true)", "emoji|tojson(ensure_ascii=true)", "d|tojson(separators=(',', ':'))", "[[], {}, [[]], {'a': {}}]|tojson(indent=1)", "d|tojson(indent='\\t')", "missing|tojson", "range(3)|tojson", "[missing]|tojson", "(xs|map('abs'))|tojson", "'nan'|float|tojson", "('inf'|float)|tojson", "'/</script>'|tojson", "'\\u2028\\x7f\\x1f'|tojson", "d.items()|tojson", "d|tojson(indent=0)", "{'b': {'d': 1, 'c': 2}, 'a': 1}|tojson(sort_keys=true)", "{1: 1, 'a': 2}|tojson(sort_keys=true)", "xs|tojson(nosuch=1)", "html|safe|tojson", "xs|tojson|length", "xs|tojson|safe", "xs|tojson(separators=(', ', ': '), indent=none)",
    # string methods
    "name.upper()", "name.lower()", "sharp.casefold()", "'aBc'.swapcase()", "sharp.swapcase()", "sharp.upper()", "greek.lower()", "greek.title()", "'hello world o\\'neil 3d'.title()", "'hELLO'.capitalize()", "''.capitalize()", "'ǆ'.title()", "'ﬁn'.capitalize()", "blank.strip()", "blank.lstrip()", "blank.rstrip()", "'xxaxx'.strip('x')", "'abcab'.lstrip('ab')", "'abcab'.rstrip('ba')", "'a'.strip(none)", "'a'.strip(1)", "'a,b,,c'.split(',')", "'a,b,,c'.split(',', 1)", "'a,b,,c'.split(',', maxsplit=2)", "blank.split()", "' a  b c '.split(none, 1)", "' a  b c '.split(maxsplit=1)", "' a  b c '.split(' ')", "''.split()", "''.split(',')", "'abc'.split('')", "'a,b,,c'.rsplit(',', 1)", "'a,b'.rsplit(',')", "' a  b c '.rsplit(none, 1)", "' a b '.rsplit()", "lines.splitlines()", "lines.splitlines(true)", "''.splitlines()", "'a\\n'.splitlines()", "'a\\x0bb\\x0cc\\x1cd\\x85e\\u2028f'.splitlines()", "'a=b=c'.partition('=')", "'a=b=c'.rpartition('=')", "'abc'.partition('x')", "'abc'.rpartition('x')", "'abc'.partition('')", "name.startswith('Wo')", "name.startswith(('x', 'W'))", "name.startswith('or', 1)", "name.endswith('ld')", "name.endswith(('x', 'd'))", "name.endswith('r', 0, 3)", "name.startswith('')", "''.startswith('', 1)", "name.startswith(1)", "name.find('o')", "name.find('x')", "name.find('o', 2)", "name.rfind('o')", "name.rfind('')", "name.index('l')", "name.index('x')", "name.rindex('l')", "emoji.find('b')", "emoji.index('c')", "emoji.rfind('a')", "name.count('o')", "'aaaa'.count('aa')", "'abc'.count('')", "emoji.count('')", "'abcabc'.count('b', 2)", "name.replace('o', '0')", "name.replace('o', '0', 1)", "'abc'.replace('', '-')", "''.replace('', 'x')", "name.replace('o', 0)", "', '.join(names)", "''.join([])", "','.join([1])", "'-'.join('abc')", "','.join(d)", "','.join(xs|map('string'))", "name.center(11)", "name.center(10, '*')", "'ab'.center(5, '.')", "'abc'.center(6, '.')", "name.ljust(8) ~ '|'", "name.rjust(8, '.')", "name.ljust(2)", "name.center(9, 'ab')", "'42'.zfill(5)", "'-42'.zfill(5)", "'+'.zfill(3)", "tabs.expandtabs()", "tabs.expandtabs(4)", "'a\\tb\\n\\tc'.expandtabs(4)", "'abc'.removeprefix('a')", "'abc'.removesuffix('c')", "'abc'.removeprefix('x')", "'123'.isdigit()", "'²'.isdigit()", "'½'.isdigit()", "'½'.isnumeric()", "'²'.isdecimal()", "'一'.isnumeric()", "''.isdigit()", "'abc'.isalpha()", "zh.isalpha()", "'ab1'.isalnum()", "' \\t'.isspace()", "'abc'.islower()", "'aBc'.islower()", "'ABC1'.isupper()", "'Ab Cd'.istitle()", "'AB'.istitle()", "'abc'.isidentifier()", "'1a'.isidentifier()", "'é'.isascii()", "'a'.isascii()", "'a\\n'.isprintable()", "'abc'.isprintable()", "'{} {}'.format(1, 'a')", "'{1} {0}'.format(1, 'a')", "'{a} {b[k]} {c.k}'.format(a=1, b={'k': 2}, c={'k': 3})", "'{0[0]}'.format(xs)", "'{:>5}|{:<5}|{:^5}|{:*^5}'.format('a', 'b', 'c', 'd')", "'{:05d} {:+d} {:x} {:#x} {:b} {:o} {:,} {:_}'.format(42, 42, 255, 255, 5, 8, 1234567, 1234567)", "'{:.2f} {:10.3f} {:e} {:g} {:%} {:.1%} {:G}'.format(pi, pi, pi, pi, 0.25, 0.256, 1e-10)", "'{!r} {!s} {!a}'.format('a', 'b', 'é')", "'{:{}}|'.format('a', 5)", "'{{}} {{{}}}'.format(1)", "'{'.format()", "'}'.format()", "'{}'.format()", "'{a}'.format()", "'{0}{}'.format(1, 2)", "'{:.2}'.format('abc')", "'{:.3}'.format(3.14159)", "'{:.1}'.format(3.0)", "'{}'.format(none)", "'{}'.format(xs)", "'{:5}|'.format(none)", "'{:5}|{:5}|'.format(1, 'a')", "'{:s}'.format(1)", "'{:d}'.format('a')", "'{:d}'.format(1.5)", "'{:010.2f}|{:=+8d}|{:-^9}'.format(-3.14159, 42, 'mid')", "'{:,.2f}'.format(1234567.891)", "'{:c}'.format(65)", "'{a}'.format_map({'a': 1})", "'{}'.format(true)", "'{:d}'.format(true)", "'{:012,}'.format(1234567)", "'{:n}'.format(5)", "'{}'.format('{}')", "'{.upper}'.format('a') is string", "'%s' % '%s'", "name.nosuch()", "name.upper(1)", "[]|map('no such')|list", "xs.nosuch", "'a'.upper().lower().title()", "'x'.join(['a', 'b']).upper()[::-1]", "'abc' .upper ()", "(name ~ '!').lower()", "name|upper|length > 3", "'a|b'.split('|')|last", "'</think>' in messages[2].content", "messages[2].content.split('</think>')[-1].lstrip('\\n')", "messages[2]['content'].split('<think>')|last", "messages|length - 1", "(messages|length) // 2", "-messages|length", "2 * xs|length", "xs|length * 2", "not xs|length > 5", "xs | map('string') | join(',') ~ '!'", "'a' if xs|length > 2 else 'b'", "xs[xs|length - 1]", "(xs + [4])[-1]", "messages[-1].role == 'user' and not tools is none", "messages[0]['role'] ~ ':' ~ messages[0]['content']|upper",
]


def environment():
    class Generation(Extension):
        tags = {"generation"}

        def parse(self, parser):
            line = next(parser.stream).lineno
            body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
            return jinja2.nodes.CallBlock(self.call_method("_render"), [], [], body).set_lineno(line)

        def _render(self, caller):
            return caller()

    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    env = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols])
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = NOW.strftime
    return env


def render(template: str) -> dict:
    case = {"template": template}
    try:
        case["expected"] = environment().from_string(template).render(**VARIABLES)
    except Exception as e:  # every failure of a template counts
        if type(e) is jinja2.exceptions.TemplateError:
            case["raised"] = e.message
        else:
            case["error"] = type(e).__name__
    return case


def main():
    cases = [render(t) for t in TEMPLATES + ["{{ " + e + " }}" for e in EXPRESSIONS]]
    addresses = [case["template"] for case in cases if " at 0x" in case.get("expected", "")]
    if addresses:
        sys.exit("addresses are printed by " + "\n".join(addresses))
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        out.write('{"variables": ' + json.dumps(VARIABLES, ensure_ascii=True) + ',\n"cases": [\n')
        out.write(",\n".join(json.dumps(c, ensure_ascii=True) for c in cases))
        out.write("\n]}\n")
    print(len(cases), "cases,", sum("expected" in c for c in cases), "with a text")


if __name__ == "__main__":
    main()
