package dev.qwq.chat.jinja;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** Assigns values to names, tuples of names and attributes of namespaces. */
final class Assignments {
  private final Context context;

  Assignments(Context context) {
    this.context = context;
  }

  void assign(Statement.Target target, Object value, Scope scope) {
    switch (target) {
      case Statement.NameTarget name -> scope.set(name.name(), value);
      case Statement.TupleTarget tuple -> unpack(tuple.targets(), value, scope);
      case Statement.AttributeTarget attribute -> {
        Object object = scope.get(attribute.namespace());
        if (!(object instanceof Namespace namespace)) {
          throw new TemplateError(
                  "cannot assign attribute '"
                      + attribute.attribute()
                      + "': expected '"
                      + attribute.namespace()
                      + "' to be a namespace, found "
                      + Values.typeName(object))
              .locate(attribute.at());
        }
        namespace.attributes.put(attribute.attribute(), value);
      }
    }
  }

  private void unpack(List<Statement.Target> targets, Object value, Scope scope) {
    Iterator<Object> items = Values.iterate(context, value);
    List<Object> values = new ArrayList<>(targets.size());
    while (items.hasNext()) {
      if (values.size() == targets.size()) {
        throw new TemplateError("too many values to unpack: expected " + targets.size());
      }
      values.add(items.next());
    }
    if (values.size() < targets.size()) {
      throw new TemplateError(
          "not enough values to unpack: expected " + targets.size() + ", found " + values.size());
    }
    for (int i = 0; i < values.size(); i++) {
      assign(targets.get(i), values.get(i), scope);
    }
  }
}
