from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from .models import Assignment, Department, Employee, Project, Skill


@admin.register(Department)
class DepartmentAdmin(admin.ModelAdmin):
    list_display = ["name", "city", "budget"]
    search_fields = ["name", "city"]


@admin.register(Skill)
class SkillAdmin(admin.ModelAdmin):
    ordering = ["name"]
    search_fields = ["name"]


@admin.register(Employee)
class EmployeeAdmin(admin.ModelAdmin):
    list_display = ["name", "title", "department", "manager", "is_active"]
    list_filter = ["is_active", "department"]
    list_select_related = ["department", "manager"]
    search_fields = ["name", "email", "title"]
    autocomplete_fields = ["manager", "skills"]


class AssignmentInline(admin.TabularInline):
    # To be looked at: a choice of employees in each row would cost a query for each row.
    model = Assignment
    fields = ["employee", "role", "hours_per_week"]
    readonly_fields = ["employee", "role", "hours_per_week"]
    can_delete = False
    max_num = 0
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Assignment]:
        return super().get_queryset(request).select_related("employee")


@admin.register(Project)
class ProjectAdmin(admin.ModelAdmin):
    list_display = ["name", "code", "department", "starts_on", "ends_on"]
    list_filter = ["department"]
    list_select_related = ["department"]
    search_fields = ["name", "code"]
    inlines = [AssignmentInline]


@admin.register(Assignment)
class AssignmentAdmin(admin.ModelAdmin):
    list_display = ["employee", "project", "role", "hours_per_week"]
    list_select_related = ["employee", "project"]
    search_fields = ["employee__name", "project__name"]
    autocomplete_fields = ["employee", "project"]
