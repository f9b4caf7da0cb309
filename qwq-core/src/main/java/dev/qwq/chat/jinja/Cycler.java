package dev.qwq.chat.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What {@code cycler(…)} makes: values in turn. */
final class Cycler {
  private final List<Object> items;
  private int at;

  Cycler(List<Object> items) {
    if (items.isEmpty()) {
      throw new TemplateError("cycler(): expected at least one value, found none");
    }
    this.items = items;
  }

  @Nullable Object attribute(String name) {
    return switch (name) {
      case "current" -> items.get(at);
      case "next" ->
          (Callable)
              (context, args) -> {
                Object item = items.get(at);
                at = (at + 1) % items.size();
                return item;
              };
      case "reset" ->
          (Callable)
              (context, args) -> {
                at = 0;
                return None.NONE;
              };
      case "items" -> new PyTuple(items);
      case "pos" -> (long) at;
      default -> null;
    };
  }
}
