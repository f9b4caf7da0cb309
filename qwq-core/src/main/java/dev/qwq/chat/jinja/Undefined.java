package dev.qwq.chat.jinja;

/**
 * A variable, attribute or item that does not exist. It prints as nothing, is false and empty;
 * anything else fails with its message.
 */
record Undefined(String message) {
  static Undefined variable(String name) {
    return new Undefined("'" + name + "' is undefined");
  }

  static Undefined attribute(Object object, String name) {
    return new Undefined(
        "'" + Values.typeName(object) + " object' has no attribute '" + name + "'");
  }

  static Undefined element(Object object, Object key) {
    return new Undefined(Values.typeName(object) + " object has no element " + Repr.shortened(key));
  }

  /** An attribute that the sandbox keeps from templates. */
  static Undefined unsafe(Object object, String name) {
    return new Undefined(
        "access to attribute '" + name + "' of '" + Values.typeName(object) + "' object is unsafe");
  }

  TemplateError error() {
    return new TemplateError(message);
  }
}
