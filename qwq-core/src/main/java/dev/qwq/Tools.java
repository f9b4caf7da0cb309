package dev.qwq;

import dev.qwq.schema.Description;
import dev.qwq.schema.JsonParameters;
import dev.qwq.schema.JsonText;
import dev.qwq.schema.SchemaCheck;
import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** Makes tools of annotated methods. */
public final class Tools {
  private Tools() {}

  /**
   * Makes a tool of each method annotated with {@link ToolMethod}, of the objects' classes and
   * their superclasses and interfaces, in the order of their names. A parameter may be all that a
   * record's component may, see {@link dev.qwq.schema.JsonType}; the class must be compiled with
   * {@code -parameters}. What a method returns is read by the model as {@link ToolResult#of} says;
   * one that returns {@code void} says {@code done}.
   *
   * <p>On the module path, a class or method that is not public and exported must be opened to
   * {@code dev.qwq.core}.
   *
   * @param objects whose methods are called; by several threads at once, if the model asks for it
   * @return the tools
   * @throws QwqException with {@code INVALID_ARGUMENT} if an object has no such method, two have
   *     one name, a parameter has no name or no JSON Schema, or a method cannot be called
   */
  public static List<Tool> of(Object... objects) {
    Map<String, Tool> tools = new LinkedHashMap<>();
    for (Object object : objects) {
      List<Method> methods = methods(object.getClass());
      if (methods.isEmpty()) {
        throw new QwqException(
            ErrorCode.INVALID_ARGUMENT,
            object.getClass().getName() + ": expected a method annotated with @ToolMethod");
      }
      for (Method method : methods) {
        Tool tool = tool(object, method);
        if (tools.putIfAbsent(tool.name(), tool) != null) {
          throw new QwqException(
              ErrorCode.INVALID_ARGUMENT, "two tools have the name " + tool.name());
        }
      }
    }
    return List.copyOf(tools.values());
  }

  private static List<Method> methods(Class<?> type) {
    Map<String, Method> methods = new LinkedHashMap<>();
    collect(type, methods);
    return methods.values().stream().sorted(Comparator.comparing(Tools::name)).toList();
  }

  /** Those of subclasses first: a method that is overridden is found once. */
  private static void collect(Class<?> type, Map<String, Method> methods) {
    for (Method method : type.getDeclaredMethods()) {
      if (method.isAnnotationPresent(ToolMethod.class) && !method.isBridge()) {
        methods.putIfAbsent(method.getName() + Arrays.toString(method.getParameterTypes()), method);
      }
    }
    if (type.getSuperclass() != null) {
      collect(type.getSuperclass(), methods);
    }
    for (Class<?> implemented : type.getInterfaces()) {
      collect(implemented, methods);
    }
  }

  private static String name(Method method) {
    ToolMethod annotation = method.getAnnotation(ToolMethod.class);
    return annotation == null || annotation.value().isEmpty()
        ? method.getName()
        : annotation.value();
  }

  private static Tool tool(Object object, Method method) {
    JsonParameters parameters = JsonParameters.of(method);
    try {
      method.setAccessible(true);
    } catch (InaccessibleObjectException e) {
      throw new QwqException(
          ErrorCode.INVALID_ARGUMENT,
          method + ": cannot be called; its module must open the package to dev.qwq.core",
          e);
    }
    Description description = method.getAnnotation(Description.class);
    ToolHandler handler = values -> call(object, method, read(() -> parameters.convert(values)));
    return new Tool(
        name(method),
        description == null ? "" : description.value(),
        parameters.schema(),
        Optional.of(handler));
  }

  private static ToolResult call(Object object, Method method, Object[] arguments)
      throws Exception {
    Object value;
    try {
      value = method.invoke(object, arguments);
    } catch (InvocationTargetException e) {
      switch (e.getCause()) {
        case Exception failure -> throw failure;
        case Error failure -> throw failure;
        case null, default -> throw e;
      }
    }
    if (method.getReturnType() == void.class) {
      return new ToolResult("done", Optional.empty(), false);
    }
    if (value == null || value instanceof CharSequence || value instanceof ToolResult) {
      return ToolResult.ofNullable(value);
    }
    String text = JsonText.of(value, method.getGenericReturnType());
    return new ToolResult(text, Optional.of(value), false);
  }

  /** Reads arguments: what does not match is the model's failure, not the tool's. */
  static <T> T read(Supplier<T> reader) {
    try {
      return reader.get();
    } catch (QwqException e) {
      if (e.code() == ErrorCode.INVALID_JSON) {
        throw new ToolArgumentsException(String.valueOf(e.getMessage()), e);
      }
      throw e;
    }
  }

  /** Checks arguments against a schema. */
  static void check(Map<String, Object> schema, Map<String, Object> arguments) {
    List<String> violations = SchemaCheck.violations(schema, arguments);
    if (!violations.isEmpty()) {
      throw new ToolArgumentsException(String.join("; ", violations));
    }
  }
}
