package dev.qwq.chat.jinja;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The arguments of a call. */
record Args(List<Object> positional, Map<String, Object> keywords) {
  static final Args NONE = new Args(List.of(), Map.of());

  static Args of(Object... positional) {
    return new Args(List.of(positional), Map.of());
  }

  /** The arguments without the first {@code count} positional ones. */
  Args skip(int count) {
    return new Args(positional.subList(count, positional.size()), keywords);
  }

  /**
   * Assigns arguments to parameters as Python does.
   *
   * @param function for messages
   * @param required how many of the parameters have no default
   */
  Bound bind(String function, int required, String... parameters) {
    @Nullable Object[] values = new @Nullable Object[parameters.length];
    if (positional.size() > parameters.length) {
      throw new TemplateError(
          function
              + "(): expected at most "
              + parameters.length
              + " arguments, found "
              + positional.size());
    }
    for (int i = 0; i < positional.size(); i++) {
      values[i] = positional.get(i);
    }
    keywords.forEach(
        (name, value) -> {
          int at = List.of(parameters).indexOf(name);
          if (at < 0) {
            throw new TemplateError(function + "(): unexpected keyword argument '" + name + "'");
          }
          if (values[at] != null) {
            throw new TemplateError(function + "(): more than one value for '" + name + "'");
          }
          values[at] = value;
        });
    for (int i = 0; i < required; i++) {
      if (values[i] == null) {
        throw new TemplateError(function + "(): missing argument '" + parameters[i] + "'");
      }
    }
    return new Bound(function, parameters, values);
  }

  /** Arguments by the place of their parameter. */
  static final class Bound {
    private final String function;
    private final String[] names;
    private final @Nullable Object[] values;

    private Bound(String function, String[] names, @Nullable Object[] values) {
      this.function = function;
      this.names = names;
      this.values = values;
    }

    boolean has(int i) {
      return values[i] != null;
    }

    Object get(int i) {
      return get(i, None.NONE);
    }

    Object get(int i, Object otherwise) {
      Object value = values[i];
      return value == null ? otherwise : value;
    }

    /** The argument unless it is absent or None. */
    @Nullable Object some(int i) {
      Object value = values[i];
      return value == None.NONE ? null : value;
    }

    boolean flag(int i) {
      return values[i] != null && Values.truth(get(i));
    }

    /** An integer that may be absent. */
    int integer(int i, int otherwise) {
      Object value = values[i];
      if (value == null) {
        return otherwise;
      }
      return Numbers.toInt(value, function + "(): argument '" + names[i] + "'");
    }

    /** A string that must be there. */
    Text text(int i) {
      Object value = get(i);
      if (value instanceof Text text) {
        return text;
      }
      throw new TemplateError(
          function
              + "(): argument '"
              + names[i]
              + "': expected str, found "
              + Values.typeName(value));
    }
  }
}
