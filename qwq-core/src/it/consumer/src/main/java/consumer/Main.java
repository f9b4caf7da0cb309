package consumer;

import dev.qwq.Sampler;

/** Argument: the model's folder. */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    Sampler sampler = Sampler.builder().temperature(0.6f).build();
    String place = Sampler.class.getModule().isNamed() ? "module path" : "class path";
    System.out.println("consumer on the " + place + ": temperature " + sampler.temperature());
  }
}
