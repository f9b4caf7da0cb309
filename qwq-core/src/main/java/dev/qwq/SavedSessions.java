package dev.qwq;

import dev.qwq.engine.KvSequence;
import dev.qwq.engine.KvTransfer;
import dev.qwq.output.ReasoningStart;
import dev.qwq.saved.ModelFingerprint;
import dev.qwq.saved.SessionHeader;
import dev.qwq.saved.SessionReader;
import dev.qwq.saved.SessionWriter;
import dev.qwq.weights.FileErrors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Writes sessions to files and reads them again. */
final class SavedSessions {
  /** Where a conversation does not end with a reply. */
  private static final int NO_REPLY = -1;

  private SavedSessions() {}

  static void save(Path file, Model model, KvSequence sequence, Conversation conversation) {
    Conversation.Turn last = conversation.last();
    try (KvTransfer transfer = model.transfer(sequence);
        SessionWriter writer = new SessionWriter(file)) {
      KvTransfer.Tokens tokens = transfer.tokens();
      SessionHeader header =
          new SessionHeader(
              model.fingerprint().parts(),
              conversation.messages().stream().map(SavedSessions::toSaved).toList(),
              tokens.ids().length,
              tokens.computed(),
              transfer.blockSize(),
              transfer.blockBytes(),
              conversation.tokens().length,
              last == null ? NO_REPLY : last.prompt().tokens().length,
              (last == null ? ReasoningStart.OFF : last.prompt().start()).name(),
              last != null && last.prompt().opened());
      writer.begin(header, tokens.ids(), tokens.generated(), conversation.tokens());
      transfer.readBlocks(writer::block);
      writer.finish();
    } catch (IOException e) {
      throw FileErrors.unwritable(file, e);
    }
  }

  static Session restore(Path file, Model model, SessionOptions options) {
    try (SessionReader reader = new SessionReader(file)) {
      SessionHeader header = reader.header();
      model
          .fingerprint()
          .difference(fingerprint(file, header))
          .ifPresent(
              difference -> {
                throw new QwqException(ErrorCode.SESSION_MISMATCH, file + ": " + difference);
              });
      checkIds(file, "tokens", reader.ids(), model);
      checkIds(file, "spoken", reader.spoken(), model);
      Conversation conversation = conversation(file, header, reader.spoken());
      KvSequence sequence = model.newSequence();
      boolean filled = false;
      try (KvTransfer transfer = model.transfer(sequence)) {
        if (header.blockBytes() != transfer.blockBytes()
            || header.blockSize() != transfer.blockSize()) {
          throw new MalformedFileException(
              file,
              "header.blockBytes",
              transfer.blockBytes() + " bytes for " + transfer.blockSize() + " tokens",
              header.blockBytes() + " for " + header.blockSize());
        }
        transfer.fill(
            new KvTransfer.Tokens(reader.ids(), reader.generated(), header.computed()),
            reader::block);
        filled = true;
      } finally {
        if (!filled) {
          sequence.close();
        }
      }
      return new Session(model, options, sequence, conversation);
    } catch (IOException e) {
      throw FileErrors.unreadable(file, e);
    }
  }

  private static ModelFingerprint fingerprint(Path file, SessionHeader header) {
    try {
      return new ModelFingerprint(header.fingerprint());
    } catch (NullPointerException e) {
      throw new MalformedFileException(file, "header.fingerprint", "texts", "null");
    }
  }

  private static Conversation conversation(Path file, SessionHeader header, int[] spoken) {
    List<Message> messages = messages(file, header);
    ReasoningStart start = start(file, header.start());
    return header.lastPrompt() == NO_REPLY || messages.isEmpty()
        ? new Conversation(messages, spoken, null)
        : Conversation.endingIn(messages, spoken, header.lastPrompt(), start, header.opened());
  }

  /** What JSON lets through and a message does not. */
  private static List<Message> messages(Path file, SessionHeader header) {
    try {
      return header.messages().stream().map(message -> fromSaved(file, message)).toList();
    } catch (MalformedFileException e) {
      throw e;
    } catch (QwqException | NullPointerException e) {
      throw new MalformedFileException(
          file, "header.messages", "sound messages", String.valueOf(e.getMessage()));
    }
  }

  private static void checkIds(Path file, String field, int[] ids, Model model) {
    int vocabSize = model.info().vocabSize();
    for (int id : ids) {
      if (id < 0 || id >= vocabSize) {
        throw new MalformedFileException(
            file, field, "token ids from 0 to " + (vocabSize - 1), Integer.toString(id));
      }
    }
  }

  private static ReasoningStart start(Path file, String name) {
    for (ReasoningStart start : ReasoningStart.values()) {
      if (start.name().equals(name)) {
        return start;
      }
    }
    throw new MalformedFileException(file, "header.start", "THINKING, ANSWER or OFF", name);
  }

  private static SessionHeader.SavedMessage toSaved(Message message) {
    return new SessionHeader.SavedMessage(
        message.role().templateName(),
        message.content(),
        message.reasoning(),
        message.toolCalls().stream()
            .map(call -> new SessionHeader.SavedCall(call.name(), call.arguments()))
            .toList());
  }

  private static Message fromSaved(Path file, SessionHeader.SavedMessage message) {
    for (Role role : Role.values()) {
      if (role.templateName().equals(message.role())) {
        return new Message(
            role,
            message.content(),
            message.reasoning(),
            message.toolCalls().stream()
                .map(call -> new ToolCall(call.name(), call.arguments()))
                .toList());
      }
    }
    throw new MalformedFileException(
        file, "header.messages.role", "system, user, assistant or tool", message.role());
  }
}
