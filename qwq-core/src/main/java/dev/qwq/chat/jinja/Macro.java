package dev.qwq.chat.jinja;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A macro, or the body of a call block, with the scope it was written in. */
final class Macro implements Callable {
  private final String name;
  private final Statement.Signature signature;
  private final Scope outer;
  private final Statements statements;

  Macro(String name, Statement.Signature signature, Scope outer, Statements statements) {
    this.name = name;
    this.signature = signature;
    this.outer = outer;
    this.statements = statements;
  }

  String name() {
    return name;
  }

  /** The names of its parameters. */
  PyTuple arguments() {
    return new PyTuple(
        signature.parameters().stream().map(p -> (Object) Text.own(p.name())).toList());
  }

  boolean usesCaller() {
    return signature.usesCaller();
  }

  boolean usesKwargs() {
    return signature.usesKwargs();
  }

  boolean usesVarargs() {
    return signature.usesVarargs();
  }

  @Override
  public Object call(Context context, Args args) {
    Scope scope = new Scope(outer);
    List<Statement.Parameter> parameters = signature.parameters();
    Map<String, Object> keywords = new LinkedHashMap<>(args.keywords());
    int given = Math.min(args.positional().size(), parameters.size());
    boolean[] filled = new boolean[parameters.size()];
    for (int i = 0; i < parameters.size(); i++) {
      String parameter = parameters.get(i).name();
      Object value = i < given ? args.positional().get(i) : keywords.remove(parameter);
      if (value != null) {
        scope.set(parameter, value);
        filled[i] = true;
      }
    }
    boolean callerIsParameter = parameters.stream().anyMatch(p -> p.name().equals("caller"));
    if (signature.usesCaller() && !callerIsParameter) {
      Object caller = keywords.remove("caller");
      scope.set("caller", caller != null ? caller : new Undefined("No caller defined"));
    }
    if (signature.usesKwargs()) {
      PyDict kwargs = new PyDict();
      keywords.forEach((key, value) -> kwargs.put(context, Text.own(key), value));
      scope.set("kwargs", kwargs);
    } else if (!keywords.isEmpty()) {
      throw new TemplateError(
          "macro '" + name + "': unexpected keyword argument '" + first(keywords) + "'");
    }
    if (signature.usesVarargs()) {
      List<Object> all = args.positional();
      scope.set("varargs", new PyTuple(all.subList(given, all.size())));
    } else if (args.positional().size() > parameters.size()) {
      throw new TemplateError(
          "macro '"
              + name
              + "': expected at most "
              + parameters.size()
              + " arguments, found "
              + args.positional().size());
    }
    for (int i = 0; i < filled.length; i++) {
      if (!filled[i]) {
        scope.set(parameters.get(i).name(), statements.defaultOf(parameters.get(i), scope));
      }
    }
    context.enter();
    try {
      return statements.capture(signature.body(), scope);
    } finally {
      context.leave();
    }
  }

  private static String first(Map<String, Object> keywords) {
    return keywords.keySet().iterator().next();
  }
}
