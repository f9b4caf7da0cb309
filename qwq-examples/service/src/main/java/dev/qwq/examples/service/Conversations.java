package dev.qwq.examples.service;

import dev.qwq.Model;
import dev.qwq.SessionOptions;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.springframework.http.HttpStatus;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/** All conversations. Nobody sees another user's; those that nobody uses are forgotten. */
@Component
final class Conversations implements AutoCloseable {
  private final Model model;
  private final ServiceProperties limits;
  private final InstantSource clock;
  private final Map<UUID, Conversation> all = new LinkedHashMap<>(); // guarded by this

  Conversations(
      Model model, ServiceProperties limits, InstantSource clock, MeterRegistry registry) {
    this.model = model;
    this.limits = limits;
    this.clock = clock;
    Gauge.builder("qwq.conversations", this, Conversations::count).register(registry);
  }

  synchronized Conversation create(String user, SessionOptions options) {
    if (of(user).size() >= limits.maxConversationsPerUser()) {
      throw new ServiceException(
          HttpStatus.TOO_MANY_REQUESTS,
          "a user may have %d conversations: delete one first"
              .formatted(limits.maxConversationsPerUser()));
    }
    if (all.size() >= limits.maxConversations()) {
      throw new ServiceException(
          HttpStatus.SERVICE_UNAVAILABLE,
          "the service holds %d conversations, and no more".formatted(limits.maxConversations()));
    }
    Conversation conversation = new Conversation(user, model.newSession(options), clock);
    all.put(conversation.id(), conversation);
    return conversation;
  }

  synchronized List<Conversation> of(String user) {
    return all.values().stream().filter(conversation -> conversation.user().equals(user)).toList();
  }

  synchronized Conversation get(String user, UUID id) {
    Conversation conversation = all.get(id);
    if (conversation == null || !conversation.user().equals(user)) {
      throw new ServiceException(HttpStatus.NOT_FOUND, "there is no conversation " + id);
    }
    return conversation;
  }

  synchronized void delete(String user, UUID id) {
    get(user, id).close();
    all.remove(id);
  }

  synchronized int count() {
    return all.size();
  }

  /** Forgets what nobody has used for long. */
  @Scheduled(fixedDelayString = "PT10S")
  synchronized void expire() {
    Instant limit = clock.instant().minus(limits.idleExpiry());
    for (Conversation conversation : new ArrayList<>(all.values())) {
      if (conversation.isIdleSince(limit)) {
        delete(conversation.user(), conversation.id());
      }
    }
  }

  @Override
  public synchronized void close() {
    all.values().forEach(Conversation::close);
    all.clear();
  }
}
