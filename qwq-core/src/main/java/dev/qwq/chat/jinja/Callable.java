package dev.qwq.chat.jinja;

/** Something a template can call: a macro, a method, a global function. */
@FunctionalInterface
interface Callable {
  Object call(Context context, Args args);
}
