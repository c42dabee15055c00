"""The models that are registered, and their attributes."""

from __future__ import annotations

from django.apps import apps

from tutor.judge.sandbox.identity import Undo, same_values


def snapshot() -> Undo:
    registry = {label: dict(models) for label, models in apps.all_models.items()}
    attributes = {
        model: dict(vars(model)) for models in registry.values() for model in models.values()
    }

    def undo() -> None:
        for label, models in apps.all_models.items():
            if not same_values(models, registry.get(label, {})):
                models.clear()
                models.update(registry.get(label, {}))
                apps.clear_cache()
        for model, before in attributes.items():
            now = vars(model)
            if same_values(now, before):
                continue
            for name in now.keys() - before.keys():
                delattr(model, name)
            for name, value in before.items():
                if now.get(name, ...) is not value:
                    setattr(model, name, value)

    return undo
