"""Input of the workbench's pages."""

from django import forms


class NoteForm(forms.Form):
    """The nonce of a note's sheet: two posts of one sheet are one note."""

    nonce = forms.UUIDField()

    def clean_nonce(self) -> str:
        """The nonce as text."""
        return str(self.cleaned_data["nonce"])


class CustomersForm(forms.Form):
    """Search and segment of the customer list."""

    q = forms.CharField(required=False, max_length=40)
    segment = forms.ChoiceField(
        required=False, choices=[("all", "all"), ("new", "new"), ("viewed", "viewed")]
    )
