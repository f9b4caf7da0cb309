package dev.qwq.examples.service;

import dev.qwq.ErrorCode;
import dev.qwq.QueueFullException;
import dev.qwq.QwqException;
import java.time.Duration;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;

/** Failures as HTTP knows them: a status and a problem in JSON (RFC 9457). */
@RestControllerAdvice
final class Problems {
  private final ServiceProperties properties;

  Problems(ServiceProperties properties) {
    this.properties = properties;
  }

  @ExceptionHandler
  ResponseEntity<ProblemDetail> handle(QwqException failure) {
    ProblemDetail problem = problem(failure);
    Duration wait =
        failure instanceof QueueFullException full
            ? full.expectedWait().orElse(properties.retryAfter())
            : properties.retryAfter();
    return respond(HttpStatus.valueOf(problem.getStatus()), problem, wait);
  }

  @ExceptionHandler
  ResponseEntity<ProblemDetail> handle(ServiceException failure) {
    return respond(
        failure.status(),
        ProblemDetail.forStatusAndDetail(failure.status(), String.valueOf(failure.getMessage())),
        properties.retryAfter());
  }

  private static ResponseEntity<ProblemDetail> respond(
      HttpStatus status, ProblemDetail problem, Duration wait) {
    ResponseEntity.BodyBuilder response = ResponseEntity.status(status);
    if (status == HttpStatus.SERVICE_UNAVAILABLE || status == HttpStatus.TOO_MANY_REQUESTS) {
      // In whole seconds, and never at once.
      response.header(HttpHeaders.RETRY_AFTER, Long.toString(Math.max(1, wait.toSeconds())));
    }
    return response.body(problem);
  }

  /** A failure of the model as a problem, for those, too, who cannot change the status any more. */
  static ProblemDetail problem(QwqException failure) {
    ProblemDetail problem =
        ProblemDetail.forStatusAndDetail(
            status(failure.code()), String.valueOf(failure.getMessage()));
    problem.setProperty("code", failure.code());
    return problem;
  }

  private static HttpStatus status(ErrorCode code) {
    return switch (code) {
      case INVALID_ARGUMENT -> HttpStatus.BAD_REQUEST;
      case SESSION_BUSY -> HttpStatus.CONFLICT;
      case CONTEXT_EXCEEDED, TEMPLATE_FAILED -> HttpStatus.UNPROCESSABLE_CONTENT;
      case QUEUE_FULL, CLOSED, OUT_OF_MEMORY -> HttpStatus.SERVICE_UNAVAILABLE;
      default -> HttpStatus.INTERNAL_SERVER_ERROR;
    };
  }
}
