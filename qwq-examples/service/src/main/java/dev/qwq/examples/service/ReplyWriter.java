package dev.qwq.examples.service;

import dev.qwq.ChatEvent;
import dev.qwq.QwqException;
import dev.qwq.Reply;
import dev.qwq.ReplyStream;
import dev.qwq.examples.service.ChatController.ReplyView;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.MediaType;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/**
 * Writes replies to clients. A servlet hears that its client has left only when it writes, so it
 * writes a heartbeat where there is nothing else; whoever called then closes the reply, and its
 * computation stops.
 */
@Component
final class ReplyWriter {
  private static final Logger LOG = LoggerFactory.getLogger(ReplyWriter.class);

  private final JsonMapper json;
  private final ServiceProperties properties;

  ReplyWriter(JsonMapper json, ServiceProperties properties) {
    this.json = json;
    this.properties = properties;
  }

  /** Writes events as Server-Sent Events, each named by its kind; a failure ends them. */
  void events(ReplyStream stream, HttpServletResponse response) {
    response.setContentType(MediaType.TEXT_EVENT_STREAM_VALUE);
    response.setHeader("Cache-Control", "no-store");
    try {
      OutputStream out = response.getOutputStream();
      try {
        Optional<ChatEvent> event;
        do {
          event = stream.poll(properties.heartbeat());
          write(out, event.isPresent() ? event(event.get()) : ":\n\n");
        } while (!(event.orElse(null) instanceof ChatEvent.Done));
      } catch (QwqException e) {
        write(out, event("error", Problems.problem(e)));
      }
    } catch (IOException e) {
      LOG.debug("A client has left", e);
    }
  }

  private String event(ChatEvent event) {
    String name =
        switch (event) {
          case ChatEvent.Progress _ -> "progress";
          case ChatEvent.Reasoning _ -> "reasoning";
          case ChatEvent.Answer _ -> "answer";
          case ChatEvent.ToolCall _ -> "toolCall";
          case ChatEvent.RepetitionDetected _ -> "repetition";
          case ChatEvent.Done _ -> "done";
        };
    return event(name, event);
  }

  private String event(String name, Object data) {
    return "event: " + name + "\ndata: " + json.writeValueAsString(data) + "\n\n";
  }

  /** Writes the whole reply as JSON; the heartbeats before it are blanks, which JSON allows. */
  void whole(ReplyStream stream, HttpServletResponse response) {
    response.setContentType(MediaType.APPLICATION_JSON_VALUE);
    try {
      OutputStream out = response.getOutputStream();
      try {
        Optional<Reply> reply = stream.reply(properties.heartbeat());
        while (reply.isEmpty()) {
          write(out, " ");
          reply = stream.reply(properties.heartbeat());
        }
        write(out, json.writeValueAsString(ReplyView.of(reply.get())));
      } catch (QwqException e) {
        if (!response.isCommitted()) {
          throw e; // there is still a status to be set
        }
        write(out, json.writeValueAsString(Problems.problem(e)));
      }
    } catch (IOException e) {
      LOG.debug("A client has left", e);
    }
  }

  private static void write(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
    out.flush();
  }
}
