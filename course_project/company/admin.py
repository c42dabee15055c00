from django.contrib import admin

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
    model = Assignment
    autocomplete_fields = ["employee"]
    extra = 0


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
