package dev.qwq.chat.jinja;

import java.util.ArrayList;
import java.util.List;

/** Operators between two values. */
final class Operators {
  private Operators() {}

  static Object apply(Context context, String operator, Object left, Object right) {
    if (left instanceof Undefined undefined) {
      throw undefined.error();
    }
    if (operator.equals("%") && left instanceof Text format) {
      return PercentFormat.format(context, format, right);
    }
    if (right instanceof Undefined undefined) {
      throw undefined.error();
    }
    if (Numbers.isNumber(left) && Numbers.isNumber(right)) {
      return switch (operator) {
        case "+" -> Numbers.add(left, right);
        case "-" -> Numbers.subtract(left, right);
        case "*" -> Numbers.multiply(left, right);
        case "/" -> Numbers.divide(left, right);
        case "//" -> Numbers.floorDivide(left, right);
        case "%" -> Numbers.modulo(left, right);
        default -> Numbers.power(left, right);
      };
    }
    if (operator.equals("+")) {
      return add(context, left, right);
    }
    if (operator.equals("*")) {
      if (Numbers.isInteger(right) && isRepeatable(left)) {
        return repeat(context, left, right);
      }
      if (Numbers.isInteger(left) && isRepeatable(right)) {
        return repeat(context, right, left);
      }
    }
    throw unsupported(operator, left, right);
  }

  static Object add(Context context, Object left, Object right) {
    if (left instanceof Undefined undefined) {
      throw undefined.error();
    }
    if (right instanceof Undefined undefined) {
      throw undefined.error();
    }
    if (left instanceof Text a && right instanceof Text b) {
      boolean markup = a.isMarkup() || b.isMarkup();
      return new TextBuilder(context)
          .append(markup ? Html.escape(context, a) : a)
          .append(markup ? Html.escape(context, b) : b)
          .toText()
          .withMarkup(markup);
    }
    if (left instanceof PyList a && right instanceof PyList b) {
      return new PyList(concat(context, a.items(), b.items()));
    }
    if (left instanceof PyTuple a && right instanceof PyTuple b) {
      return new PyTuple(concat(context, a.items(), b.items()));
    }
    if (Numbers.isNumber(left) && Numbers.isNumber(right)) {
      return Numbers.add(left, right);
    }
    if (left instanceof Text) {
      throw new TemplateError(
          "can only concatenate str (not \"" + Values.typeName(right) + "\") to str");
    }
    throw unsupported("+", left, right);
  }

  private static List<Object> concat(Context context, List<Object> a, List<Object> b) {
    context.checkElements((long) a.size() + b.size());
    List<Object> sum = new ArrayList<>(a.size() + b.size());
    sum.addAll(a);
    sum.addAll(b);
    return sum;
  }

  private static boolean isRepeatable(Object value) {
    return value instanceof Text || value instanceof Sequence;
  }

  private static Object repeat(Context context, Object value, Object count) {
    long times = Math.max(0, (long) Numbers.saturated(count));
    if (value instanceof Text text) {
      return new TextBuilder(context).repeat(text, times).toText().withMarkup(text.isMarkup());
    }
    Sequence sequence = (Sequence) value;
    context.checkElements(sequence.items().size() * times);
    List<Object> items = new ArrayList<>((int) (sequence.items().size() * times));
    if (!sequence.items().isEmpty()) {
      for (long i = 0; i < times; i++) {
        items.addAll(sequence.items());
      }
    }
    return sequence.with(items);
  }

  static Object negate(Object value) {
    if (value instanceof Double d) {
      return -d;
    }
    return Numbers.of(integer("-", value).negate());
  }

  static Object positive(Object value) {
    return value instanceof Double ? value : Numbers.of(integer("+", value));
  }

  private static java.math.BigInteger integer(String operator, Object value) {
    if (value instanceof Undefined undefined) {
      throw undefined.error();
    }
    if (!Numbers.isInteger(value)) {
      throw new TemplateError(
          "bad operand type for unary " + operator + ": '" + Values.typeName(value) + "'");
    }
    return Numbers.big(value);
  }

  static boolean compare(Context context, String operator, Object left, Object right) {
    return switch (operator) {
      case "==" -> Values.equal(context, left, right);
      case "!=" -> !Values.equal(context, left, right);
      case "in" -> Values.contains(context, right, left);
      case "not in" -> !Values.contains(context, right, left);
      case "<" -> less(context, operator, left, right);
      case ">" -> less(context, operator, right, left);
      case "<=" -> lessOrEqual(context, operator, left, right);
      default -> lessOrEqual(context, operator, right, left);
    };
  }

  private static boolean lessOrEqual(Context context, String operator, Object a, Object b) {
    if (a instanceof Double x && x.isNaN() || b instanceof Double y && y.isNaN()) {
      return false;
    }
    return !less(context, operator, b, a);
  }

  static boolean less(Context context, Object a, Object b) {
    return less(context, "<", a, b);
  }

  private static boolean less(Context context, String operator, Object a, Object b) {
    context.step();
    if (Numbers.isNumber(a) && Numbers.isNumber(b)) {
      return Numbers.less(a, b);
    }
    if (a instanceof Text x && b instanceof Text y) {
      context.spend(Math.min(x.length(), y.length()) / 16);
      return x.compareTo(y) < 0;
    }
    if (a instanceof PyList x && b instanceof PyList y) {
      return less(context, operator, x.items(), y.items());
    }
    if (a instanceof PyTuple x && b instanceof PyTuple y) {
      return less(context, operator, x.items(), y.items());
    }
    if (a instanceof Undefined undefined) {
      throw undefined.error();
    }
    if (b instanceof Undefined undefined) {
      throw undefined.error();
    }
    throw new TemplateError(
        "'"
            + operator
            + "' not supported between '"
            + Values.typeName(a)
            + "' and '"
            + Values.typeName(b)
            + "'");
  }

  private static boolean less(Context context, String operator, List<Object> a, List<Object> b) {
    context.enter();
    try {
      int length = Math.min(a.size(), b.size());
      for (int i = 0; i < length; i++) {
        if (!Values.equal(context, a.get(i), b.get(i))) {
          return less(context, operator, a.get(i), b.get(i));
        }
      }
      return a.size() < b.size();
    } finally {
      context.leave();
    }
  }

  private static TemplateError unsupported(String operator, Object left, Object right) {
    return new TemplateError(
        "unsupported operand types for "
            + operator
            + ": '"
            + Values.typeName(left)
            + "' and '"
            + Values.typeName(right)
            + "'");
  }
}
