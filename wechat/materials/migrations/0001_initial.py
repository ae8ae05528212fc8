import django.db.models.deletion
import wechat.materials.models
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('official', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Asset',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='due')),
                ('leased_until', models.DateTimeField(editable=False, null=True)),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('kind', models.CharField(choices=[('image', 'Picture'), ('voice', 'Voice'), ('video', 'Video'), ('thumb', 'Cover')], default='image', max_length=8, verbose_name='kind')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('folder', models.CharField(blank=True, max_length=40, verbose_name='folder')),
                ('file', models.FileField(help_text='Picture: PNG, JPG, GIF or BMP, at most 10 MB. Voice: MP3, WMA, WAV or AMR, at most 2 MB and 60 seconds. Video: MP4, at most 10 MB. Cover: JPG, at most 64 KB.', max_length=200, upload_to=wechat.materials.models._path, verbose_name='file')),
                ('content_type', models.CharField(editable=False, max_length=40, verbose_name='type')),
                ('size', models.PositiveIntegerField(editable=False, verbose_name='size in bytes')),
                ('permanent', models.BooleanField(default=True, help_text='Menus and articles need permanent files, and WeChat has a limited number of places for them. Any other file is deleted there after 3 days and uploaded again before, as long as it is here.', verbose_name='permanent on WeChat')),
                ('media_id', models.TextField(blank=True, editable=False, verbose_name='media ID')),
                ('url', models.TextField(blank=True, editable=False, verbose_name='address on WeChat')),
                ('uploaded_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='uploaded')),
                ('expires_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='deleted there')),
                ('state', models.CharField(choices=[('pending', 'Waiting to be uploaded'), ('uploaded', 'On WeChat'), ('failed', 'Failed')], default='pending', editable=False, max_length=8, verbose_name='state')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='assets', to='official.officialaccount', verbose_name='account')),
                ('original', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='copies', to='materials.asset')),
            ],
            options={
                'verbose_name': 'media file',
                'verbose_name_plural': 'media files',
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['account', 'kind', '-id'], name='asset_by_kind'), models.Index(fields=['account', 'folder', '-id'], name='asset_by_folder'), models.Index(fields=['file'], name='asset_by_file'), models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='materials_asset_due')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('due_at__isnull', False), ('state', 'pending')), models.Q(('due_at__isnull', True), ('state', 'failed')), models.Q(('due_at__isnull', True), ('permanent', True), ('state', 'uploaded')), models.Q(('due_at__isnull', False), ('expires_at__isnull', False), ('permanent', False), ('state', 'uploaded')), _connector='OR'), name='asset_due_while_pending_or_temporary'), models.UniqueConstraint(fields=('account', 'original'), name='asset_used_once_in_an_account'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'uploaded'), _negated=True), models.Q(('media_id', ''), _negated=True), _connector='OR'), name='asset_uploaded_has_media_id')],
            },
        ),
        migrations.CreateModel(
            name='MaterialQuota',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='due')),
                ('leased_until', models.DateTimeField(editable=False, null=True)),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('image', models.PositiveIntegerField(default=0)),
                ('voice', models.PositiveIntegerField(default=0)),
                ('video', models.PositiveIntegerField(default=0)),
                ('news', models.PositiveIntegerField(default=0)),
                ('read_at', models.DateTimeField(blank=True, null=True)),
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='quota', to='official.officialaccount')),
            ],
            options={
                'verbose_name': 'places on WeChat',
                'verbose_name_plural': 'places on WeChat',
                'abstract': False,
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='materials_materialquota_due')],
            },
        ),
        migrations.CreateModel(
            name='MaterialReading',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='due')),
                ('leased_until', models.DateTimeField(editable=False, null=True)),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('errcode', models.IntegerField(blank=True, editable=False, null=True, verbose_name='error code')),
                ('kind', models.CharField(choices=[('image', 'Picture'), ('voice', 'Voice'), ('video', 'Video'), ('thumb', 'Cover')], default='image', max_length=8)),
                ('offset', models.PositiveIntegerField(default=0)),
                ('found', models.PositiveIntegerField(default=0)),
                ('left_out', models.PositiveIntegerField(default=0)),
                ('read_at', models.DateTimeField(blank=True, null=True)),
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='material_reading', to='official.officialaccount')),
            ],
            options={
                'verbose_name': 'reading of the library',
                'verbose_name_plural': 'readings of the library',
                'abstract': False,
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='materials_materialreading_due')],
            },
        ),
    ]
