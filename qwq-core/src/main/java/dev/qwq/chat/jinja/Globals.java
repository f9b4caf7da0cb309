package dev.qwq.chat.jinja;

import java.time.ZonedDateTime;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** Functions every template has. */
final class Globals {
  private static final Map<String, Callable> ALL =
      Map.of(
          "range", Globals::range,
          "dict", Globals::dict,
          "namespace", Globals::namespace,
          "cycler", (context, args) -> new Cycler(args.positional()),
          "joiner", Globals::joiner,
          "raise_exception", Globals::raise,
          "strftime_now", Globals::now);

  private Globals() {}

  static void addTo(Scope scope) {
    ALL.forEach(scope::set);
  }

  private static Object range(Context context, Args args) {
    Args.Bound bound = args.bind("range", 1, "start", "stop", "step");
    long[] numbers = new long[3];
    for (int i = 0; i < 3; i++) {
      if (bound.has(i)) {
        Numbers.toInt(bound.get(i), "range()");
        numbers[i] = Numbers.big(bound.get(i)).longValue();
        if (Numbers.big(bound.get(i)).bitLength() >= Long.SIZE) {
          throw new TemplateError("range limit exceeded: a bound of more than 64 bits");
        }
      }
    }
    return bound.has(1)
        ? PyRange.of(numbers[0], numbers[1], bound.has(2) ? numbers[2] : 1)
        : PyRange.of(0, numbers[0], 1);
  }

  private static PyDict dict(Context context, Args args) {
    PyDict dict = new PyDict();
    if (args.positional().size() > 1) {
      throw new TemplateError("dict(): expected at most 1 argument");
    }
    for (Object source : args.positional()) {
      if (source instanceof PyDict other) {
        dict.putAll(other);
        continue;
      }
      Iterator<Object> pairs = Values.iterate(context, source);
      while (pairs.hasNext()) {
        List<Object> pair = Values.list(context, pairs.next());
        if (pair.size() != 2) {
          throw new TemplateError("dict(): expected pairs, found " + pair.size() + " elements");
        }
        dict.put(context, pair.get(0), pair.get(1));
      }
    }
    args.keywords().forEach((key, value) -> dict.put(context, Text.own(key), value));
    return dict;
  }

  private static Object namespace(Context context, Args args) {
    Namespace namespace = new Namespace();
    for (PyDict.Entry entry : dict(context, args).entries()) {
      if (entry.key() instanceof Text key) {
        namespace.attributes.put(key.value(), entry.value());
      }
    }
    return namespace;
  }

  private static Object joiner(Context context, Args args) {
    Object separator = args.bind("joiner", 0, "sep").get(0, Text.own(", "));
    boolean[] used = {false};
    return (Callable)
        (c, none) -> {
          if (used[0]) {
            return separator;
          }
          used[0] = true;
          return Text.EMPTY;
        };
  }

  private static Object raise(Context context, Args args) {
    Object message = args.bind("raise_exception", 1, "message").get(0);
    throw TemplateError.raised(Values.text(context, message).value());
  }

  private static Object now(Context context, Args args) {
    Text format = args.bind("strftime_now", 1, "format").text(0);
    return Text.of(
        Strftime.format(format.value(), ZonedDateTime.now(context.clock())), format.isOwn());
  }
}
