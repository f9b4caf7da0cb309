package dev.qwq.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.examples.BundledModel;
import dev.qwq.examples.Golden;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RenderCommandTest {
  @TempDir Path folder;

  @Test
  void rendersTheGoldenPrompts() throws IOException {
    for (Golden.Case golden : Golden.cases()) {
      Path messages = write("messages.json", golden.json().get("messages").toString());
      Cli cli =
          golden.json().has("tools")
              ? Cli.run(
                  "render",
                  "--messages",
                  messages,
                  "--tools",
                  write("tools.json", golden.json().get("tools").toString()),
                  "--json")
              : Cli.run("render", "--messages", messages, "--json");
      assertThat(cli.json().get("text").textValue()).isEqualTo(golden.promptText());
    }
  }

  @Test
  void takesTemplateAndVariablesFromFiles() throws IOException {
    Path messages = write("m.json", "[{\"role\": \"user\", \"content\": \"{{ x }}\"}]");
    Path template =
        write(
            "t.jinja",
            "{{ bos_token }}{{ messages[0].content }}{{ add_generation_prompt }}{{ eos_token }}");
    Path variables = write("v.json", "{\"bos_token\": \"<s>\", \"n\": 1}");
    assertThat(
            Cli.run(
                    "render",
                    "--messages",
                    messages,
                    "--template",
                    template,
                    "--vars",
                    variables,
                    "--no-generation-prompt")
                .out())
        .isEqualTo("<s>{{ x }}False");
    assertThat(
            Cli.run(
                    "render",
                    "--messages",
                    messages,
                    "--template",
                    template,
                    "--model",
                    BundledModel.path())
                .out())
        .isEqualTo("{{ x }}True<|im_end|>");
  }

  @Test
  void aTemplatesOwnErrorIsAFailure() throws IOException {
    Path messages = write("m.json", "[{\"role\": \"user\", \"content\": \"a\"}]");
    for (String source : List.of("{{ raise_exception('no\nway') }}", "{% if %}", "{{ a.b.c }}")) {
      Cli cli =
          Cli.run(
              "render", "--messages", messages, "--template", write("t.jinja", source), "--json");
      assertThat(cli.status()).as(source).isEqualTo(1);
      assertThat(cli.out()).isEmpty();
      assertThat(cli.err().strip().lines()).hasSize(1);
    }
    assertThat(
            Cli.run(
                    "render",
                    "--messages",
                    messages,
                    "--template",
                    write("t.jinja", "{{ raise_exception('no way') }}"))
                .err())
        .contains("no way");
  }

  @Test
  void saysWhatIsWrongWithAFile() throws IOException {
    for (String content : List.of("", "{}", "[1]", "[{]", "null")) {
      Path messages = write("m.json", content);
      Cli cli = Cli.run("render", "--messages", messages);
      assertThat(cli.status()).as("%s: %s", content, cli.err()).isEqualTo(1);
      assertThat(cli.err().strip().lines()).hasSize(1);
      assertThat(cli.err()).contains(messages.toString(), "expected", "found");
    }
    Cli missing = Cli.run("render", "--messages", folder.resolve("none.json"));
    assertThat(missing.status()).isEqualTo(1);
    assertThat(missing.err()).contains("no such file");
    assertThat(Cli.run("render").status()).isEqualTo(2);
  }

  private Path write(String name, String content) throws IOException {
    Path file = folder.resolve(name);
    Files.writeString(file, content);
    return file;
  }
}
