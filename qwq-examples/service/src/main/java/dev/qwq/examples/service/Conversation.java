package dev.qwq.examples.service;

import dev.qwq.GenerationOptions;
import dev.qwq.Message;
import dev.qwq.ReplyStream;
import dev.qwq.Session;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.UUID;

/** A user's session, and when it was last used. */
final class Conversation implements AutoCloseable {
  private final UUID id = UUID.randomUUID();
  private final String user;
  private final Session session;
  private final InstantSource clock;
  private final Instant created;
  private Instant used;
  private boolean replying;

  Conversation(String user, Session session, InstantSource clock) {
    this.user = user;
    this.session = session;
    this.clock = clock;
    created = clock.instant();
    used = created;
  }

  /** Sends a message; {@link #replied()} must follow when its reply has ended. */
  synchronized ReplyStream send(Message message, GenerationOptions generation) {
    ReplyStream stream = session.stream(List.of(message), generation); // refuses if it is busy
    replying = true;
    return stream;
  }

  synchronized void replied() {
    replying = false;
    used = clock.instant();
  }

  synchronized boolean isIdleSince(Instant time) {
    return !replying && used.isBefore(time);
  }

  UUID id() {
    return id;
  }

  String user() {
    return user;
  }

  Instant created() {
    return created;
  }

  List<Message> messages() {
    return session.history();
  }

  /** The generation options of the session. */
  GenerationOptions generation() {
    return session.options().generation();
  }

  /** Cancels the reply, if there is one, and forgets everything. */
  @Override
  public void close() {
    session.close();
  }
}
