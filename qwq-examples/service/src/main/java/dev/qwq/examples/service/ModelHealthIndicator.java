package dev.qwq.examples.service;

import dev.qwq.Model;
import dev.qwq.ModelInfo;
import dev.qwq.QwqException;
import dev.qwq.Session;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.stereotype.Component;

/** Up while the model takes work; part of readiness. */
@Component
final class ModelHealthIndicator implements HealthIndicator {
  private final Model model;

  ModelHealthIndicator(Model model) {
    this.model = model;
  }

  @Override
  public Health health() {
    try (Session _ = model.newSession()) {
      ModelInfo info = model.info();
      return Health.up()
          .withDetail("architecture", info.architecture())
          .withDetail("weightBytes", info.weightBytes())
          .withDetail("contextLength", info.contextLength())
          .withDetail("cpuIsa", info.cpuIsa())
          .withDetail("threads", info.threads())
          .build();
    } catch (QwqException e) {
      return Health.down(e).build();
    }
  }
}
