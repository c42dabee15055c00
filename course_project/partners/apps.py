from django.apps import AppConfig
from django.conf import settings


class PartnersConfig(AppConfig):
    name = "partners"

    def ready(self) -> None:
        if settings.SHOP_WEBHOOK_URL:
            from shop.signals import order_created

            from .signals import tell_partner

            order_created.connect(tell_partner)
