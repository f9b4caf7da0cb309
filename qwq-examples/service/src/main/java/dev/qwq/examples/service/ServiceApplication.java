package dev.qwq.examples.service;

import dev.qwq.GenerationOptions;
import dev.qwq.Model;
import dev.qwq.ModelOptions;
import dev.qwq.examples.BundledModel;
import java.time.InstantSource;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.scheduling.annotation.EnableScheduling;

/** Starts the service: one model, opened before the first request and closed after the last. */
@SpringBootApplication(proxyBeanMethods = false)
@EnableScheduling
@EnableConfigurationProperties(ServiceProperties.class)
public class ServiceApplication {
  /**
   * Starts the service.
   *
   * @param args Spring Boot's options, such as {@code --qwq.model=QwQ-32B-Q4_K_M.gguf}
   */
  public static void main(String[] args) {
    SpringApplication.run(ServiceApplication.class, args);
  }

  @Bean(destroyMethod = "close")
  Model model(ServiceProperties properties) {
    return Model.open(
        properties.model() != null ? properties.model() : BundledModel.path(),
        ModelOptions.builder()
            .contextLength(properties.contextLength())
            .kvCacheTokens(properties.kvCacheTokens())
            .maxSequences(properties.maxReplies())
            .maxQueued(properties.maxQueued())
            .build());
  }

  /** How replies are generated where a request says nothing else. */
  @Bean
  GenerationOptions generation(ServiceProperties properties) {
    return GenerationOptions.builder().maxTokens(properties.maxTokens()).build();
  }

  @Bean
  InstantSource clock() {
    return InstantSource.system();
  }
}
