package dev.qwq.examples.service;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.GenerationOptions;
import dev.qwq.Model;
import dev.qwq.Sampler;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Primary;

/** The service, running on a free port. */
final class Service implements AutoCloseable {
  private final ConfigurableApplicationContext context;

  private Service(ConfigurableApplicationContext context) {
    this.context = context;
  }

  /** Starts the service with settings such as {@code qwq.max-queued=1}. */
  static Service start(String... settings) {
    return start(ServiceApplication.class, settings);
  }

  /** As {@link #start}, but replies do not end by themselves, so that a test can interrupt them. */
  static Service startEndless(String... settings) {
    return start(Endless.class, settings);
  }

  private static Service start(Class<?> configuration, String... settings) {
    String[] arguments =
        Arrays.stream(settings).map(setting -> "--" + setting).toArray(String[]::new);
    String[] all = Arrays.copyOf(arguments, arguments.length + 3);
    all[arguments.length] = "--server.port=0";
    all[arguments.length + 1] = "--logging.level.root=warn";
    all[arguments.length + 2] = "--spring.main.banner-mode=off";
    return new Service(
        new SpringApplicationBuilder(ServiceApplication.class, configuration).run(all));
  }

  static class Endless {
    /** The model may not end its turn, so a reply ends where the context does. */
    @Bean
    @Primary
    GenerationOptions endless(Model model) {
      return GenerationOptions.builder()
          .sampler(
              Sampler.builder()
                  .temperature(1)
                  .seed(1)
                  .logitBias(model.tokenizer().orElseThrow().id("<|im_end|>").orElseThrow(), -1000)
                  .build())
          .build();
    }

    /** A clock that a test moves on. */
    @Bean
    @Primary
    Clock movable() {
      return new Clock();
    }
  }

  static final class Clock implements InstantSource {
    private volatile Instant now = Instant.EPOCH;

    @Override
    public Instant instant() {
      return now;
    }

    void advance(Duration duration) {
      now = now.plus(duration);
    }
  }

  Client client(String user) {
    int port = context.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
    return new Client(port, user);
  }

  <T> T bean(Class<T> type) {
    return context.getBean(type);
  }

  double counter(String name, String... tags) {
    var counter = bean(MeterRegistry.class).find(name).tags(tags).counter();
    return counter == null ? 0 : counter.count();
  }

  /** Waits until no reply is generated any more. */
  void awaitQuiet(Duration timeout) throws InterruptedException {
    Instant limit = Instant.now().plus(timeout);
    while (bean(Replies.class).count() > 0) {
      assertThat(Instant.now()).as("replies still run").isBefore(limit);
      Thread.sleep(5);
    }
  }

  /** Stops as on SIGTERM, and returns when it has stopped. */
  void stop() {
    context.close();
  }

  @Override
  public void close() {
    stop();
  }
}
