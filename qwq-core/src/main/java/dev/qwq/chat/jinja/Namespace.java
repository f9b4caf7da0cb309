package dev.qwq.chat.jinja;

import java.util.LinkedHashMap;
import java.util.Map;

/** What {@code namespace(…)} makes: the only value whose attributes a template can set. */
final class Namespace {
  final Map<String, Object> attributes = new LinkedHashMap<>();
}
