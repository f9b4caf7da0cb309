package dev.qwq.examples.service;

import dev.qwq.ChatEvent;
import dev.qwq.FinishReason;
import dev.qwq.GenerationOptions;
import dev.qwq.Message;
import dev.qwq.Model;
import dev.qwq.Reply;
import dev.qwq.Sampler;
import dev.qwq.SessionOptions;
import dev.qwq.Tool;
import dev.qwq.ToolCall;
import dev.qwq.Usage;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/**
 * Conversations over HTTP. Who the user is, the header {@code X-User} says; a gateway that knows
 * its users sets it.
 */
@RestController
@RequestMapping("/conversations")
final class ChatController {
  private static final String USER = "X-User";

  private final Model model;
  private final GenerationOptions generation;
  private final Conversations conversations;
  private final Replies replies;
  private final ReplyWriter writer;

  ChatController(
      Model model,
      GenerationOptions generation,
      Conversations conversations,
      Replies replies,
      ReplyWriter writer) {
    this.model = model;
    this.generation = generation;
    this.conversations = conversations;
    this.replies = replies;
    this.writer = writer;
  }

  record NewConversation(@Nullable String system, @Nullable List<NewTool> tools) {}

  record NewTool(
      String name, @Nullable String description, @Nullable Map<String, Object> parameters) {
    Tool tool() {
      return new Tool(
          name,
          description == null ? "" : description,
          parameters == null ? Map.of("type", "object") : parameters);
    }
  }

  record ConversationView(UUID id, Instant created, List<Message> messages) {
    static ConversationView of(Conversation conversation) {
      return new ConversationView(
          conversation.id(), conversation.created(), conversation.messages());
    }
  }

  @PostMapping
  @ResponseStatus(HttpStatus.CREATED)
  ConversationView create(@RequestHeader(USER) String user, @RequestBody NewConversation body) {
    SessionOptions.Builder options = SessionOptions.builder().generation(generation);
    if (body.system() != null) {
      options.systemPrompt(body.system());
    }
    if (body.tools() != null) {
      options.tools(body.tools().stream().map(NewTool::tool).toArray(Tool[]::new));
    }
    return ConversationView.of(conversations.create(user, options.build()));
  }

  @GetMapping
  List<ConversationView> list(@RequestHeader(USER) String user) {
    return conversations.of(user).stream().map(ConversationView::of).toList();
  }

  @GetMapping("/{id}")
  ConversationView get(@RequestHeader(USER) String user, @PathVariable UUID id) {
    return ConversationView.of(conversations.get(user, id));
  }

  @DeleteMapping("/{id}")
  @ResponseStatus(HttpStatus.NO_CONTENT)
  void delete(@RequestHeader(USER) String user, @PathVariable UUID id) {
    conversations.delete(user, id);
  }

  /** What a user says, or the result of a tool, and how to answer it. */
  record NewMessage(
      String text,
      @Nullable String role,
      @Nullable Integer maxTokens,
      @Nullable Float temperature,
      @Nullable Long seed) {
    Message message() {
      return "tool".equals(role) ? Message.tool(text) : Message.user(text);
    }

    GenerationOptions generation(GenerationOptions defaults, Sampler recommended) {
      GenerationOptions.Builder options = defaults.toBuilder();
      if (maxTokens != null) {
        options.maxTokens(maxTokens);
      }
      if (temperature != null || seed != null) {
        Sampler.Builder sampler = defaults.sampler().orElse(recommended).toBuilder();
        if (temperature != null) {
          sampler.temperature(temperature);
        }
        if (seed != null) {
          sampler.seed(seed);
        }
        options.sampler(sampler.build());
      }
      return options.build();
    }
  }

  record ReplyView(
      String reasoning,
      String answer,
      List<ToolCall> toolCalls,
      FinishReason finishReason,
      Usage usage) {
    static ReplyView of(Reply reply) {
      return new ReplyView(
          reply.reasoning(),
          reply.answer(),
          reply.toolCalls(),
          reply.finishReason(),
          reply.usage());
    }
  }

  /** Answers with the whole reply, a {@link ReplyView}. */
  @PostMapping("/{id}/messages")
  void send(
      @RequestHeader(USER) String user,
      @PathVariable UUID id,
      @RequestBody NewMessage body,
      HttpServletResponse response) {
    try (Replies.RunningReply reply = begin(user, id, body)) {
      writer.whole(reply.stream(), response);
    }
  }

  /** Answers with the {@link ChatEvent}s of the reply as they happen. */
  @PostMapping("/{id}/messages/stream")
  void stream(
      @RequestHeader(USER) String user,
      @PathVariable UUID id,
      @RequestBody NewMessage body,
      HttpServletResponse response) {
    try (Replies.RunningReply reply = begin(user, id, body)) {
      writer.events(reply.stream(), response);
    }
  }

  private Replies.RunningReply begin(String user, UUID id, NewMessage body) {
    Conversation conversation = conversations.get(user, id);
    return replies.begin(
        conversation, body.message(), body.generation(conversation.generation(), model.sampler()));
  }
}
