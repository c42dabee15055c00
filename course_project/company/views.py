from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from .models import Department, Employee


def department_list(request: HttpRequest) -> HttpResponse:
    active = Count("employees", filter=Q(employees__is_active=True))
    # Grouping drops the ordering of Meta: say it again.
    departments = Department.objects.annotate(size=active).order_by("name")
    return render(request, "company/department_list.html", {"departments": departments})


def department_detail(request: HttpRequest, pk: int) -> HttpResponse:
    department = get_object_or_404(Department, pk=pk)
    context = {
        "department": department,
        "employees": department.employees.active(),
        "projects": department.projects.all(),
    }
    return render(request, "company/department_detail.html", context)


def employee_list(request: HttpRequest) -> HttpResponse:
    # A NUL is the one character that PostgreSQL does not take.
    q = request.GET.get("q", "").replace("\0", "").strip()
    employees = Employee.objects.active().select_related("department")
    if q:
        employees = employees.filter(
            Q(name__icontains=q) | Q(title__icontains=q) | Q(department__name__icontains=q)
        )
    page = Paginator(employees, 20).get_page(request.GET.get("page"))
    return render(request, "company/employee_list.html", {"page": page, "q": q})


def employee_detail(request: HttpRequest, pk: int) -> HttpResponse:
    employee = get_object_or_404(Employee.objects.select_related("department", "manager"), pk=pk)
    context = {
        "employee": employee,
        "reports": employee.reports.active(),
        "skills": employee.skills.order_by("name"),
        "assignments": employee.assignments.select_related("project").order_by("project__name"),
    }
    return render(request, "company/employee_detail.html", context)
