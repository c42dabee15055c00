"""A shop: what is sold, to whom, by whom, and what they say about it."""

from decimal import Decimal

from django.conf import settings
from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q, Sum
from django.utils import timezone

from company.models import Employee


class Customer(models.Model):
    name = models.CharField(max_length=120)
    email = models.EmailField(unique=True)
    city = models.CharField(max_length=80)
    country = models.CharField(max_length=60)
    birthday = models.DateField(null=True, blank=True)
    joined_on = models.DateField()
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="customer",
        help_text="The login of this customer, if there is one.",
    )

    class Meta:
        ordering = ["name"]
        indexes = [models.Index(fields=["country"], name="customer_country")]

    def __str__(self) -> str:
        return self.name


class Category(models.Model):
    name = models.CharField(max_length=60, unique=True)
    parent = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="children"
    )

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name


class ProductQuerySet(models.QuerySet["Product"]):
    def active(self) -> "ProductQuerySet":
        """Those on offer, in stock or not."""
        return self.filter(is_active=True)

    def in_stock(self) -> "ProductQuerySet":
        """Those that can be bought now."""
        return self.active().filter(stock__gt=0)

    def in_category(self, category: Category) -> "ProductQuerySet":
        """Those of the category and of the two levels below it: there are no more levels."""
        return self.filter(
            Q(category=category)
            | Q(category__parent=category)
            | Q(category__parent__parent=category)
        )


class Product(models.Model):
    name = models.CharField(max_length=120)
    sku = models.CharField("SKU", max_length=20, unique=True)
    category = models.ForeignKey(Category, models.PROTECT, related_name="products")
    price = models.DecimalField(max_digits=8, decimal_places=2, validators=[MinValueValidator(0)])
    stock = models.PositiveIntegerField(default=0, db_default=0)
    is_active = models.BooleanField(default=True, db_default=True)

    objects = ProductQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        indexes = [models.Index(fields=["name"], name="product_name")]
        constraints = [
            models.CheckConstraint(condition=Q(price__gte=0), name="product_price_gte_0"),
        ]

    def __str__(self) -> str:
        return self.name


class OrderQuerySet(models.QuerySet["Order"]):
    def open(self) -> "OrderQuerySet":
        """Those that still have to be sent."""
        return self.filter(status__in=[Order.Status.NEW, Order.Status.PAID])

    def with_total(self) -> "OrderQuerySet":
        """Each with `total`: the sum of its lines, 0 if there are none."""
        amount = F("lines__quantity") * F("lines__unit_price")
        return self.annotate(total=Sum(amount, default=Decimal(0)))

    def visible_to(self, user: AbstractUser | AnonymousUser) -> "OrderQuerySet":
        """All for the staff; for anybody else, the orders of their own."""
        if not user.is_authenticated:
            return self.none()  # The key of nobody is None: it would find customers without a user.
        return self if user.is_staff else self.filter(customer__user=user.pk)


class Order(models.Model):
    class Status(models.TextChoices):
        NEW = "new", "New"
        PAID = "paid", "Paid"
        SHIPPED = "shipped", "Shipped"
        CANCELLED = "cancelled", "Cancelled"

    number = models.CharField(max_length=20, unique=True)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="orders")
    seller = models.ForeignKey(
        Employee,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="sales",
        related_query_name="sale",
        help_text="Empty for an order that came in by itself.",
    )
    status = models.CharField(
        max_length=10, choices=Status, default=Status.NEW, db_default=Status.NEW
    )
    placed_at = models.DateTimeField(default=timezone.now)

    objects = OrderQuerySet.as_manager()

    class Meta:
        ordering = ["-placed_at"]
        indexes = [
            models.Index(fields=["-placed_at"], name="order_newest_first"),
            models.Index(fields=["status", "placed_at"], name="order_status_placed_at"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["new", "paid", "shipped", "cancelled"]),
                name="order_status_known",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class OrderLine(models.Model):
    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, models.PROTECT, related_name="order_lines")
    quantity = models.PositiveSmallIntegerField(validators=[MinValueValidator(1)])
    unit_price = models.DecimalField(
        max_digits=8,
        decimal_places=2,
        validators=[MinValueValidator(0)],
        help_text="The price on the day of the order.",
    )

    @property
    def amount(self) -> Decimal:
        return self.quantity * self.unit_price

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "product"], name="order_line_once"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="order_line_quantity_gte_1"),
            models.CheckConstraint(
                condition=Q(unit_price__gte=0), name="order_line_unit_price_gte_0"
            ),
        ]

    def __str__(self) -> str:
        # Ids, not names: a name would cost a query for each row of a list.
        return f"{self.quantity} x product {self.product_id} (order {self.order_id})"


class Review(models.Model):
    # No related_name: the way back is Django's own, product.review_set and customer.review_set.
    product = models.ForeignKey(Product, models.CASCADE)
    customer = models.ForeignKey(Customer, models.CASCADE)
    rating = models.PositiveSmallIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    text = models.TextField(blank=True)
    written_on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product", "customer"], name="review_once"),
            models.CheckConstraint(condition=Q(rating__range=(1, 5)), name="review_rating_1_to_5"),
        ]

    def __str__(self) -> str:
        return f"{self.rating}/5 (product {self.product_id}, customer {self.customer_id})"


class Invoice(models.Model):
    order = models.OneToOneField(Order, models.PROTECT, related_name="invoice")
    total = models.DecimalField(max_digits=12, decimal_places=2)
    written_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"invoice of order {self.order_id}"


class PriceChange(models.Model):
    """One line of the log: what a product cost before, and from then on."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="price_changes")
    old_price = models.DecimalField(max_digits=8, decimal_places=2)
    new_price = models.DecimalField(max_digits=8, decimal_places=2)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.old_price} -> {self.new_price} (product {self.product_id})"
