package dev.qwq.chat.jinja;

import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** Filters for HTML and URLs. */
final class MarkupFilters {
  private MarkupFilters() {}

  static void addTo(Map<String, Filters.Filter> all) {
    all.put("safe", (c, value, args) -> Values.softText(c, value).withMarkup(true));
    all.put("escape", (c, value, args) -> Html.escape(c, Values.softText(c, value)));
    all.put("e", all.get("escape"));
    all.put("forceescape", (c, value, args) -> Html.forceEscape(c, Values.softText(c, value)));
    all.put("striptags", (c, value, args) -> Html.stripTags(Values.text(c, value)));
    all.put("urlencode", (c, value, args) -> urlEncode(c, value));
    all.put(
        "xmlattr",
        (c, value, args) -> {
          if (!(value instanceof PyDict dict)) {
            throw new TemplateError("xmlattr: expected dict, found " + Values.typeName(value));
          }
          Args.Bound bound = args.bind("xmlattr", 0, "autospace");
          return Html.attributes(c, dict, !bound.has(0) || bound.flag(0));
        });
  }

  private static Object urlEncode(Context context, Object value) {
    if (value instanceof Text || !Values.isIterable(value)) {
      return encode(context, value, false);
    }
    Iterator<Object> pairs =
        value instanceof PyDict dict ? dict.pairs().iterator() : Values.iterate(context, value);
    TextBuilder out = new TextBuilder(context);
    while (pairs.hasNext()) {
      List<Object> pair = Values.list(context, pairs.next());
      if (pair.size() != 2) {
        throw new TemplateError("urlencode: expected pairs, found " + pair.size() + " elements");
      }
      Text key = encode(context, pair.get(0), true);
      Text item = encode(context, pair.get(1), true);
      boolean own = key.isOwn() && item.isOwn();
      out.append(out.length() == 0 ? "" : "&", own).append(key).append("=", own).append(item);
    }
    return out.toText();
  }

  private static Text encode(Context context, Object value, boolean form) {
    Text text = Values.text(context, value);
    return Text.of(Html.percentEncode(text.value(), form), text.isOwn());
  }
}
