package dev.qwq.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What of the text is the template's own, operation by operation: shown in «». */
class ProvenanceTest {
  private static final Map<String, Object> VARIABLES = new LinkedHashMap<>();

  static {
    VARIABLES.put("u", "<|im_end|>");
    VARIABLES.put("v", "x y");
    VARIABLES.put("e", "");
    VARIABLES.put("n", 5);
    VARIABLES.put("list", List.of("x", "y"));
    VARIABLES.put("map", Map.of("k", "<|x|>"));
    VARIABLES.put("bos", new ModelText("<|bos|>"));
    VARIABLES.put("emoji", "😀");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      quoteCharacter = '\0',
      ignoreLeadingAndTrailingWhitespace = true,
      value = {
        // Output
        "a{{ u }}b # «a»<|im_end|>«b»",
        "a{{ 'b' }}c # «abc»",
        "a{{ e }}c # «ac»",
        "{{ bos }}a # «<|bos|>a»",
        "{{ n }}{{ 1 + 1 }}{{ none }}{{ true }}{{ 1.5 }} # 52NoneTrue1.5",
        "{{ '<|im_' }}{{ u }} # «<|im_»<|im_end|>",
        "{% if u %}a{% endif %}{{ u if u else 'b' }}{{ 'b' if u else u }} # «a»<|im_end|>«b»",
        // Concatenation
        "{{ 'a' + u + 'b' }} # «a»<|im_end|>«b»",
        "{{ 'a' ~ u ~ 'b' ~ n }} # «a»<|im_end|>«b»5",
        "{{ ('a' + v) * 2 }} # «a»x y«a»x y",
        "{{ 'ab' * 2 }} # «abab»",
        "{{ 'a' 'b' }} # «ab»",
        // Variables, macros, blocks
        "{% set x = 'a' ~ v %}{{ x }} # «a»x y",
        "{% set x %}a{{ v }}b{% endset %}{{ x }} # «a»x y«b»",
        "{% set x | upper %}a{{ v }}b{% endset %}{{ x }} # «A»X Y«B»",
        "{% set ns = namespace(x=v) %}{% set ns.x = ns.x ~ 'q' %}{{ ns.x }} # x y«q»",
        "{% macro m(t) %}[{{ t }}]{% endmacro %}{{ m(v) }}{{ m('t') }} # «[»x y«][t]»",
        "{% macro m() %}({{ caller() }}){% endmacro %}{% call m() %}{{ v }}c{% endcall %} # «(»x"
            + " y«c)»",
        "{% filter replace('a', 'A') %}a{{ v }}a{% endfilter %} # «A»x y«A»",
        "{% for x in list %}{{ x }},{% endfor %} # x«,»y«,»",
        "{% for c in 'a' ~ v %}{{ c }}.{% endfor %} # «a.»x«.» «.»y«.»",
        "{% generation %}a{{ v }}{% endgeneration %} # «a»x y",
        "{% with x = v %}{{ x }}a{% endwith %} # x y«a»",
        "{{ cycler('a', v).next() }}{{ joiner(v)() }}b # «ab»",
        "{{ map.k }}{{ map['k'] }}{{ {'k': 'own'}.k }}{{ {'k': v}['k'] }} # <|x|><|x|>«own»x y",
        "{% for k, w in map.items() %}{{ k }}={{ w }}{% endfor %} # k«=»<|x|>",
        "{% for k in {'a': 1} %}{{ k }}{% endfor %} # «a»",
        // Slices and items
        "{{ ('ab' ~ v ~ 'cd')[1:3] }} # «b»x",
        "{{ ('ab' ~ v ~ 'cd')[::2] }} # «a»xy«d»",
        "{{ ('ab' ~ v)[::-1] }} # y x«ba»",
        "{{ ('a' ~ v)[0] }}{{ ('a' ~ v)[1] }}{{ ('a' ~ v)|last }} # «a»xy",
        "{{ ('a' ~ emoji ~ 'b')[1:] }} # 😀«b»",
        "{{ ('a' ~ emoji ~ 'b')[::-1] }} # «b»😀«a»",
        // Filters
        "{{ ('ab ' ~ v)|upper }}{{ ('AB ' ~ v)|lower }}{{ v|upper }} # «AB »X Y«ab »x yX Y",
        "{{ ('straße' ~ v ~ 'ß')|upper }} # «STRASSE»X Y«SS»",
        "{{ ('ab ' ~ v)|title }}{{ ('ab ' ~ v)|capitalize }} # «Ab »X Y«Ab »x y",
        "{{ (' a' ~ v ~ ' ')|trim }}{{ (v ~ 'aa')|trim('a') }} # «a»x yx y",
        "{{ ('axa' ~ v)|replace('x', '<>') }}{{ 'a-b'|replace('-', v) }} # «a<>a<>» y«a»x y«b»",
        "{{ 'a'|center(3) }}{{ v|center(5) }}{{ ('a' ~ v)|center(6) }}. # « a » x y  «a»x y «.»",
        "{{ ('a\\nb' ~ v)|indent(1, true) }}{{ v|indent(2, true) }} # \\u0020«a»\\n «b»x y  x y",
        "{{ ('a\\nb' ~ v)|indent('-', true) }} # «-a»\\n«-b»x y",
        "{{ 'abc def'|truncate(5, true, '.', 0) }}{{ (v ~ v ~ v)|truncate(4, true, '.', 0) }} #"
            + " «abc .»x y«.»",
        "{{ ('a b ' ~ v)|wordwrap(3) }} # «a b»\\nx y",
        "{{ ['a', v]|join('-') }}{{ [v, v]|join(v) }}{{ list|join }} # «a-»x yx yx yx yxy",
        "{{ ('a' ~ v)|reverse }}{{ ['a', v]|reverse|join }}{{ [v, 'a']|sort|join(',') }} # y x«a»x"
            + " y«aa,»x y",
        "{{ 'a%sb'|format(v) }}{{ 'a%sb' % v }}{{ '%5s|%-3s|' % (v, 'a') }} # «a»x y«ba»x y«b  »x"
            + " y«|a  |»",
        "{{ '%d%%' % n }}{{ '%.1s' % v }}{{ '%r' % v }} # 5«%»x'x y'",
        "{{ '<' ~ v|e }}{{ ('<' ~ u)|e }} # «<»x y«&lt;»&lt;|im_end|&gt;",
        "{{ ('<' ~ v)|safe }}{{ (('<' ~ v)|safe) + u }} # «<»x y«<»x y&lt;|im_end|&gt;",
        "{{ '<b>a</b>'|striptags }}{{ ('a' ~ v)|striptags }} # «a»ax y",
        "{{ 'a b'|urlencode }}{{ v|urlencode }}{{ ('a' ~ v)|urlencode }} # «a%20b»x%20yax%20y",
        "{{ {'a': 'b'}|xmlattr }}{{ {'a': v}|xmlattr }} # « a=\"b\"» «a»=\"x y\"",
        "{{ ['a']|tojson }}{{ [v]|tojson }}{{ ['a', v]|tojson }}{{ {'a': 1}|tojson }} #"
            + " «[\"a\"]»[\"x y\"][\"a\", \"x y\"]{\"a\": 1}",
        "{{ ['a'] }}{{ [v] }}{{ ['a', v] }}{{ {'a': 'b'} }}{{ map }} # «['a']»['x y']['a', 'x"
            + " y']«{'a': 'b'}»{'k': '<|x|>'}",
        "{{ v|default('a') }}{{ zz|default('a') }}{{ zz|default(v) }} # x y«a»x y",
        "{{ ('a' ~ v)|string }}{{ n|string }}{{ ('b,' ~ v)|list|first }} # «a»x y5«b»",
        "{{ ['b', 'a']|min }}{{ [v, 'z']|min }}{{ [v, 'z']|max }}{{ ['a', 'a']|unique|join }} #"
            + " «a»x y«za»",
        "{{ ['a', v]|map('upper')|join('+') }}{{ ['a', v]|select('ne', 'a')|join }} # «A+»X Yx y",
        "{{ [{'t': 'a'}, {'t': v}]|map(attribute='t')|join('|') }} # «a|»x y",
        "{{ [{'t': 'b'}, {'t': v}]|groupby('t')|map('first')|join('|') }} # «b|»x y",
        "{{ strftime_now('%%a') }}{{ strftime_now(v) }} # «%a»x y",
        // Methods
        "{{ ('a,' ~ v ~ ',b').split(',')|join('/') }}{{ ('a ' ~ v).split()|join('/') }} # «a/»x"
            + " y«/ba/»x«/»y",
        "{{ ('a,' ~ v).rsplit(',', 1)|last }}{{ ('a\\n"
            + "' ~ v).splitlines()|join('/') }} # x y«a/»x y",
        "{{ ('a=' ~ v).partition('=')|join('/') }}{{ (v ~ '=b').rpartition('=')|join('/') }} #"
            + " «a/=/»x yx y«/=/b»",
        "{{ (' a' ~ v).strip() }}{{ (v ~ ' a ').rstrip() }}{{ (' a' ~ v).lstrip() }} # «a»x yx y«"
            + " aa»x y",
        "{{ ('ab' ~ v).removeprefix('a') }}{{ (v ~ 'ab').removesuffix('b') }} # «b»x yx y«a»",
        "{{ ('a' ~ v).replace('a', 'b') }}{{ v.replace('x', 'b') }}{{ 'abc'.replace('b', v) }} #"
            + " «b»x y«b» y«a»x y«c»",
        "{{ '-'.join(['a', v]) }}{{ v.join(['a', 'b']) }} # «a-»x y«a»x y«b»",
        "{{ ('a' ~ v).upper() }}{{ ('A' ~ v).lower() }}{{ ('a' ~ v).title() }}{{ ('aB' ~"
            + " v).swapcase() }} # «A»X Y«a»x y«A»x Y«Ab»X Y",
        "{{ 'a'.center(3, '*') }}{{ v.center(5, '*') }}{{ 'a'.ljust(2) }}{{ v.rjust(4) }}{{"
            + " '7'.zfill(2) }} # «*a**»x y«*a » x y«07»",
        "{{ 'a\\tb'.expandtabs(2) }}{{ (v ~ '\\tb').expandtabs(4) }} # «a b»x y« b»",
        "{{ 'a{}b'.format(v) }}{{ '{:>5}|{x}'.format(v, x='c') }}{{ '{}'.format('a') }}{{"
            + " '{:d}'.format(n) }} # «a»x y«b  »x y«|ca»5",
        "{{ v.format('a') }}{{ '{0[k]}'.format(map) }}{{ '{!r}'.format(v) }} # x y<|x|>'x y'",
      })
  void origins(String template, String expected) {
    assertThat(marked(ChatTemplate.parse(template).render(VARIABLES)))
        .isEqualTo(expected.replace("\\n", "\n").replace("\\u0020", " "));
  }

  static String marked(RenderedPrompt prompt) {
    int[] ranges = prompt.trustedRanges();
    List<Integer> bounds = new ArrayList<>();
    for (int bound : ranges) {
      if (!bounds.isEmpty()) {
        assertThat(bound)
            .as("bounds ascend and ranges do not touch")
            .isGreaterThan(bounds.getLast());
      }
      bounds.add(bound);
    }
    StringBuilder marked = new StringBuilder();
    for (int i = 0; i <= prompt.text().length(); i++) {
      int at = bounds.indexOf(i);
      marked.append(at < 0 ? "" : at % 2 == 0 ? "«" : "»");
      if (i < prompt.text().length()) {
        marked.append(prompt.text().charAt(i));
      }
    }
    return marked.toString();
  }
}
