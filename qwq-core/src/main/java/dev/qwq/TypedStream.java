package dev.qwq;

import dev.qwq.output.PartialJson;
import dev.qwq.schema.JsonType;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A typed answer while it is being generated: thinking, then the value as far as it is there, then
 * the whole value. The rules of {@link ReplyStream} hold: read it to the end or {@link #close()}
 * it; one thread consumes.
 *
 * @param <T> the value's type
 */
public final class TypedStream<T> implements Iterable<TypedEvent<T>>, AutoCloseable {
  private final ReplyStream stream;
  private final TypedAnswers<T> answers;
  private final PartialJson partial = new PartialJson();
  private @Nullable TypedEvent<T> next;
  private TypedEvent.@Nullable Done<T> done;

  TypedStream(ReplyStream stream, JsonType<T> type, Model model) {
    this.stream = stream;
    answers = new TypedAnswers<>(type, model);
  }

  /**
   * Returns the events that were not consumed yet.
   *
   * @return an iterator; {@code hasNext} and {@code next} wait. They throw {@link
   *     IncompleteReplyException} if the reply ends before the answer is complete, and {@link
   *     QwqException} with {@code INVALID_JSON} if the type refuses the value (a record's
   *     constructor, for example), or with what the reply failed with
   */
  @Override
  public Iterator<TypedEvent<T>> iterator() {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return advance();
      }

      @Override
      public TypedEvent<T> next() {
        if (!advance()) {
          throw new NoSuchElementException("the reply has ended");
        }
        TypedEvent<T> event = Objects.requireNonNull(next);
        next = null;
        return event;
      }
    };
  }

  /**
   * Waits for the end of the reply; events not consumed so far are dropped.
   *
   * @return the value
   * @throws IncompleteReplyException if the reply ends before the answer is complete
   * @throws QwqException with {@code INVALID_JSON} if the type refuses the value, or with what the
   *     reply failed with
   */
  public T value() {
    for (TypedEvent<T> event : this) {
      Objects.requireNonNull(event);
    }
    return Objects.requireNonNull(done).value();
  }

  private boolean advance() {
    while (next == null && done == null) {
      next =
          switch (stream.next()) {
            case ChatEvent.Progress(int processed, int total) ->
                new TypedEvent.Progress<>(processed, total);
            case ChatEvent.Reasoning(String text) -> new TypedEvent.Reasoning<>(text);
            case ChatEvent.Answer(String text) -> {
              Object value = partial.accept(text) ? partial.value() : null;
              yield value == null ? null : new TypedEvent.Partial<>(value);
            }
            case ChatEvent.Done end -> {
              Reply reply = stream.reply();
              done = new TypedEvent.Done<>(answers.read(reply), reply);
              yield done;
            }
            default -> null;
          };
    }
    return next != null;
  }

  /** Cancels the reply, if it has not ended, and returns at once. */
  public void cancel() {
    stream.cancel();
  }

  /** Cancels the reply, if it has not ended, and waits until its computation has stopped. */
  @Override
  public void close() {
    stream.close();
  }
}
