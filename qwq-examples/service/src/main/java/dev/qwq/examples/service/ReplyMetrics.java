package dev.qwq.examples.service;

import dev.qwq.Model;
import dev.qwq.QwqException;
import dev.qwq.Reply;
import dev.qwq.ReplyStream;
import dev.qwq.Usage;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Locale;
import org.springframework.stereotype.Component;

/** What replies took, for {@code /actuator/metrics} and {@code /actuator/prometheus}. */
@Component
final class ReplyMetrics {
  private final MeterRegistry registry;

  ReplyMetrics(MeterRegistry registry, Model model) {
    this.registry = registry;
    Gauge.builder("qwq.kv.cache", () -> model.info().kvCacheBytes())
        .baseUnit("bytes")
        .register(registry);
    Gauge.builder("qwq.queue", () -> model.metrics().queue().running())
        .tag("state", "running")
        .register(registry);
    Gauge.builder("qwq.queue", () -> model.metrics().queue().waiting())
        .tag("state", "waiting")
        .register(registry);
    Gauge.builder("qwq.kv.cache.used", () -> model.metrics().cache().usedTokens())
        .baseUnit("tokens")
        .register(registry);
  }

  /** Counts a reply that has ended. */
  void record(ReplyStream stream) {
    try {
      record(stream.reply());
    } catch (QwqException e) {
      registry.counter("qwq.replies", "end", name(e.code())).increment();
    }
  }

  private void record(Reply reply) {
    Usage usage = reply.usage();
    registry.counter("qwq.replies", "end", name(reply.finishReason())).increment();
    count("prompt", usage.promptTokens() - usage.cachedTokens());
    count("cached", usage.cachedTokens());
    count("thinking", usage.thinkingTokens());
    count("answer", usage.answerTokens());
    if (usage.generatedTokens() > 0) {
      registry.timer("qwq.first.token").record(usage.timeToFirstToken());
    }
    if (usage.tokensPerSecond() > 0) {
      registry.summary("qwq.tokens.per.second").record(usage.tokensPerSecond());
    }
  }

  private void count(String kind, int tokens) {
    registry.counter("qwq.tokens", "kind", kind).increment(tokens);
  }

  private static String name(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}
