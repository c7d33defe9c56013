"""What a run found -> one HTML file that explains it, opens without a network and needs no server."""

from actions.report.data import ReportData, Series
from actions.report.page import render
from actions.report.series import CostTable

__all__ = ["CostTable", "ReportData", "Series", "render"]
