package dev.qwq.examples.launch;

import java.io.FileInputStream;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;

/**
 * Passes signals on to a child process. A terminal sends Ctrl-C to parent and child alike, so it
 * must not be passed on a second time; whoever sends it to the parent alone means the child.
 *
 * <p>By reflection, since {@code sun.misc.Signal} is no official part of any Java.
 */
final class Signals {
  private Signals() {}

  static void passTo(Process child) {
    handle("TERM", child::destroy);
    handle("INT", () -> interrupt(child, "INT"));
    handle("HUP", () -> interrupt(child, "HUP"));
  }

  private static void handle(String name, Runnable action) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object proxy =
          Proxy.newProxyInstance(
              handler.getClassLoader(),
              new Class<?>[] {handler},
              (self, method, args) -> {
                if (method.getName().equals("handle")) {
                  action.run();
                }
                return null;
              });
      signal
          .getMethod("handle", signal, handler)
          .invoke(null, signal.getConstructor(String.class).newInstance(name), proxy);
    } catch (ReflectiveOperationException e) {
      // No such signal on this system, or the runtime keeps it to itself.
    }
  }

  private static void interrupt(Process child, String signal) {
    if (hasTerminal()) {
      return;
    }
    try {
      new ProcessBuilder("kill", "-" + signal, Long.toString(id(child))).inheritIO().start();
    } catch (IOException | ReflectiveOperationException | RuntimeException e) {
      child.destroy();
    }
  }

  private static boolean hasTerminal() {
    if (System.getProperty("os.name", "").startsWith("Windows")) {
      return true;
    }
    try (FileInputStream terminal = new FileInputStream("/dev/tty")) {
      return terminal.getFD().valid();
    } catch (IOException e) {
      return false;
    }
  }

  private static long id(Process process) throws ReflectiveOperationException {
    try {
      Method pid = Process.class.getMethod("pid");
      return ((Number) pid.invoke(process)).longValue();
    } catch (NoSuchMethodException e) { // Java 8
      Field pid = process.getClass().getDeclaredField("pid");
      pid.setAccessible(true);
      return ((Number) pid.get(process)).longValue();
    }
  }
}
