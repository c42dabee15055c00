"""A company: who works where, for whom, and on what."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q


class Department(models.Model):
    name = models.CharField(max_length=80, unique=True)
    city = models.CharField(max_length=80)
    budget = models.DecimalField(max_digits=12, decimal_places=2, validators=[MinValueValidator(0)])

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(budget__gte=0), name="department_budget_gte_0"),
        ]

    def __str__(self) -> str:
        return self.name


class Skill(models.Model):
    name = models.CharField(max_length=60, unique=True)

    def __str__(self) -> str:
        return self.name


class EmployeeQuerySet(models.QuerySet["Employee"]):
    def active(self) -> "EmployeeQuerySet":
        """Those who work here now."""
        return self.filter(is_active=True)

    def heads(self) -> "EmployeeQuerySet":
        """Those whom at least one other employee reports to."""
        return self.filter(models.Exists(Employee.objects.filter(manager=models.OuterRef("pk"))))


class Employee(models.Model):
    name = models.CharField(max_length=120)
    email = models.EmailField(unique=True)
    title = models.CharField(max_length=80)
    salary = models.PositiveIntegerField(help_text="A year, in euros.")
    hired_on = models.DateField()
    birthday = models.DateField(null=True, blank=True)
    is_active = models.BooleanField(default=True, db_default=True)
    department = models.ForeignKey(
        Department, models.SET_NULL, null=True, blank=True, related_name="employees"
    )
    manager = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="reports"
    )
    skills = models.ManyToManyField(Skill, blank=True, related_name="employees")

    objects = EmployeeQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        indexes = [models.Index(fields=["name"], name="employee_name")]
        constraints = [
            models.CheckConstraint(condition=~Q(manager=F("id")), name="employee_not_own_manager"),
        ]

    def __str__(self) -> str:
        return self.name


class ProjectQuerySet(models.QuerySet["Project"]):
    def running(self) -> "ProjectQuerySet":
        """Those without an end."""
        return self.filter(ends_on=None)


class Project(models.Model):
    name = models.CharField(max_length=120)
    code = models.CharField(max_length=12, unique=True)
    department = models.ForeignKey(
        Department, models.CASCADE, related_name="projects", related_query_name="project"
    )
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    budget = models.DecimalField(max_digits=12, decimal_places=2, validators=[MinValueValidator(0)])
    members = models.ManyToManyField(Employee, through="Assignment", related_name="projects")

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gt=F("starts_on")),
                name="project_ends_after_start",
                violation_error_message="A project ends after it starts.",
            ),
            models.CheckConstraint(condition=Q(budget__gte=0), name="project_budget_gte_0"),
        ]

    def __str__(self) -> str:
        return self.name


class Assignment(models.Model):
    """One employee's part in one project."""

    employee = models.ForeignKey(Employee, models.CASCADE, related_name="assignments")
    project = models.ForeignKey(Project, models.CASCADE, related_name="assignments")
    role = models.CharField(max_length=60)
    hours_per_week = models.PositiveSmallIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(60)]
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["employee", "project"], name="assignment_once"),
            models.CheckConstraint(
                condition=Q(hours_per_week__range=(1, 60)), name="assignment_hours_1_to_60"
            ),
        ]

    def __str__(self) -> str:
        # Ids, not names: a name would cost a query for each row of a list.
        return f"{self.role} (employee {self.employee_id}, project {self.project_id})"
