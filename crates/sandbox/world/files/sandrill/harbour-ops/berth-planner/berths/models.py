from django.db import models


class Berth(models.Model):
    code = models.CharField(max_length=8, unique=True)
    length_m = models.DecimalField(max_digits=5, decimal_places=1)
    depth_m = models.DecimalField(max_digits=4, decimal_places=1)


class Slot(models.Model):
    berth = models.ForeignKey(Berth, on_delete=models.PROTECT)
    vessel = models.CharField(max_length=40)
    arrives = models.DateTimeField()
    leaves = models.DateTimeField()

    class Meta:
        db_table = "berth_slot"
        indexes = [models.Index(fields=["berth", "arrives"])]

    def clashes(self, other: "Slot") -> bool:
        return self.berth_id == other.berth_id and self.arrives < other.leaves and other.arrives < self.leaves
